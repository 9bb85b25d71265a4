import { FieldType, formattedValueToString, getDisplayProcessor, getFieldDisplayName } from '@grafana/data';
import {
  BarGauge,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  Table,
  TimeSeries,
  useTheme2,
} from '@grafana/ui';
import { applied, seriesFrames, tableFrame } from './frames.js';
import { StateTimeline } from './state-timeline.jsx';

/** What stands in a panel, by its type. */
export function PanelContent({ panel, board, width, height }) {
  const theme = useTheme2();
  const Content = contents[panel.type];
  if (panel.answers.every((series) => series.length === 0) && panel.type !== 'stat') {
    return <Empty text={panel.fieldConfig.defaults.noValue} width={width} height={height} />;
  }
  return <Content panel={panel} board={board} theme={theme} width={width} height={height} />;
}

const contents = { stat: Stat, timeseries: Lines, table: Rows, bargauge: Bars, 'state-timeline': Timeline };

function Empty({ text, width, height }) {
  const style = { width, height, display: 'flex', alignItems: 'center', justifyContent: 'center', opacity: 0.6 };
  return <div style={style}>{text}</div>;
}

function Stat({ panel, board, theme, width, height }) {
  const [frame] = applied(seriesFrames(panel, board), panel, theme);
  const [instant] = panel.answers.flat();
  const field = frame?.fields[1];
  const isInstant = panel.targets[0].instant === true;
  const last = isInstant ? Number(instant?.values.at(-1)[1]) : field?.values.findLast((value) => value !== null);
  const display = field?.display ?? getDisplayProcessor({ field: { config: panel.fieldConfig.defaults }, theme });
  const value =
    last === undefined || Number.isNaN(last)
      ? { text: panel.fieldConfig.defaults.noValue, numeric: Number.NaN, color: theme.colors.text.secondary }
      : display(last);
  const sparkline =
    field && !isInstant
      ? { y: field, x: frame.fields[0], xMin: board.from * 1_000, xMax: board.to * 1_000 }
      : undefined;
  return (
    <BigValue
      value={value}
      sparkline={sparkline}
      colorMode={panel.options.colorMode ?? BigValueColorMode.Value}
      graphMode={sparkline ? BigValueGraphMode.Area : BigValueGraphMode.None}
      justifyMode={BigValueJustifyMode.Auto}
      textMode={BigValueTextMode.Value}
      width={width}
      height={height}
      theme={theme}
    />
  );
}

function Lines({ panel, board, theme, width, height }) {
  const frames = applied(seriesFrames(panel, board), panel, theme);
  frames.forEach((frame, frameIndex) => {
    frame.fields.forEach((field, fieldIndex) => {
      field.state = { ...field.state, origin: { frameIndex, fieldIndex }, seriesIndex: frameIndex };
    });
  });
  return (
    <TimeSeries
      frames={frames}
      width={width}
      height={height}
      timeRange={timeRangeOf(board)}
      timeZone="utc"
      legend={panel.options.legend}
      options={panel.options}
      theme={theme}
    />
  );
}

function Rows({ panel, theme, width, height }) {
  const [data] = applied([tableFrame(panel)], panel, theme);
  return <Table data={data} width={width} height={height} columnMinWidth={60} />;
}

function Bars({ panel, board, theme, width, height }) {
  const frames = applied(seriesFrames(panel, board), panel, theme);
  const bars = panel.answers.flat().map(({ values }, index) => {
    const field = frames[index].fields[1];
    return {
      ...field.display(Number(values.at(-1)[1])),
      title: getFieldDisplayName(field, frames[index], frames),
      field,
    };
  });
  bars.sort((a, b) => b.numeric - a.numeric);
  const each = Math.min(panel.options.maxVizHeight, height / bars.length - 8);
  const max = Math.max(...bars.map(({ numeric }) => numeric));
  return bars.map((bar) => (
    <div key={bar.title} style={{ marginBottom: 8 }}>
      <BarGauge
        value={{ ...bar, text: formattedValueToString(bar), suffix: '' }}
        field={{ ...bar.field.config, min: 0, max }}
        display={bar.field.display}
        width={width}
        height={each}
        orientation="horizontal"
        displayMode={panel.options.displayMode}
        valueDisplayMode={panel.options.valueMode}
        showUnfilled={panel.options.showUnfilled}
        theme={theme}
      />
    </div>
  ));
}

function Timeline({ panel, board, theme, width, height }) {
  const frames = applied(seriesFrames(panel, board), panel, theme);
  return <StateTimeline frames={frames} board={board} theme={theme} width={width} height={height} />;
}

export function timeRangeOf({ from, to }) {
  // What the components need of a moment of moment.js.
  const moment = (ms) => ({ valueOf: () => ms, toISOString: () => new Date(ms).toISOString() });
  const range = { from: moment(from * 1_000), to: moment(to * 1_000) };
  return { ...range, raw: range };
}

export const isTime = ({ type }) => type === FieldType.time;
