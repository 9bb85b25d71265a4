import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { PanelContent } from './panels.jsx';

/** A dashboard on one page, at the places that it names. `window.board` is there before this runs. */

const cell = 30;
const gap = 8;
const margin = 16;
const pageWidth = 1_600;
const columnWidth = (pageWidth - 2 * margin) / 24;

function Page({ board }) {
  const shown = board.panels.filter(({ gridPos }) => gridPos.y < board.untilRow);
  const bottom = Math.max(...shown.map(({ gridPos }) => gridPos.y + gridPos.h));
  return (
    <div style={{ width: pageWidth, padding: margin, boxSizing: 'border-box' }}>
      <Heading board={board} />
      <div style={{ position: 'relative', height: bottom * (cell + gap) }}>
        {shown.map((panel) => (
          <Placed key={panel.id} panel={panel} board={board} />
        ))}
      </div>
    </div>
  );
}

function Heading({ board }) {
  const time = (seconds) => new Date(seconds * 1_000).toISOString().slice(11, 16);
  return (
    <div style={{ display: 'flex', justifyContent: 'space-between', marginBottom: 12, alignItems: 'baseline' }}>
      <h1 style={{ fontSize: 22, margin: 0 }}>{board.title}</h1>
      <span style={{ opacity: 0.7 }}>
        {board.choices.map((label) => `${label}: All`).join('   ')} &nbsp; {time(board.from)} to {time(board.to)}
      </span>
    </div>
  );
}

function Placed({ panel, board }) {
  const { x, y, w, h } = panel.gridPos;
  const [width, height] = [w * columnWidth - gap, h * (cell + gap) - gap];
  const place = { position: 'absolute', left: x * columnWidth, top: y * (cell + gap), width, height };
  if (panel.type === 'row') {
    return (
      <h2 style={{ ...place, fontSize: 15, margin: 0, lineHeight: `${height}px`, fontWeight: 500 }}>⌄ {panel.title}</h2>
    );
  }
  return (
    <div style={place}>
      <PanelChrome title={panel.title} description={panel.description} width={width} height={height}>
        {(innerWidth, innerHeight) => (
          <PanelContent panel={panel} board={board} width={innerWidth} height={innerHeight} />
        )}
      </PanelChrome>
    </div>
  );
}

const theme = createTheme({ colors: { mode: 'dark' } });
createRoot(document.getElementById('page')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <Page board={window.board} />
  </ThemeContext.Provider>,
);
