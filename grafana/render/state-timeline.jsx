/**
 * Grafana's state timeline is a plugin of Grafana itself, not a component that one can install: this is a plain stand-in, with the same
 * settings, colours and words.
 */
export function StateTimeline({ frames, board, theme, width, height }) {
  const axis = 20;
  const legend = 24;
  const names = frames.map(({ fields: [, field] }) => field.config.displayNameFromDS);
  const left = 8 + Math.max(...names.map((name) => name.length)) * 7;
  const rowHeight = (height - axis - legend) / Math.max(frames.length, 1);
  const x = (ms) => left + ((ms / 1_000 - board.from) / (board.to - board.from)) * (width - left);
  const words = Object.values(frames[0]?.fields[1].config.mappings[0]?.options ?? {});
  const text = { fill: theme.colors.text.primary, fontSize: 12 };
  const faint = { ...text, fill: theme.colors.text.secondary };
  return (
    <div>
      <svg width={width} height={height - legend} role="img" aria-label="states over time">
        {frames.map((frame, row) => (
          <g key={names[row]}>
            <text x={0} y={(row + 0.5) * rowHeight} dominantBaseline="middle" style={text}>
              {names[row]}
            </text>
            {stretches(frame).map(({ value, start, end }) => {
              const { text: word, color } = frame.fields[1].display(value);
              const wide = x(end) - x(start);
              return (
                <g key={start}>
                  <rect
                    x={x(start)}
                    y={(row + 0.1) * rowHeight}
                    width={Math.max(wide, 1)}
                    height={0.8 * rowHeight}
                    fill={color}
                    fillOpacity={0.8}
                  />
                  {wide > 7 * word.length && (
                    <text
                      x={x(start) + 4}
                      y={(row + 0.5) * rowHeight}
                      dominantBaseline="middle"
                      fontSize={12}
                      fill="#111"
                    >
                      {word}
                    </text>
                  )}
                </g>
              );
            })}
          </g>
        ))}
        {ticks(board).map((ms) => (
          <text key={ms} x={x(ms)} y={height - legend - 4} textAnchor="middle" style={faint}>
            {new Date(ms).toISOString().slice(11, 16)}
          </text>
        ))}
      </svg>
      <div
        style={{ display: 'flex', gap: 8, height: legend, fontSize: 10, whiteSpace: 'nowrap', alignItems: 'center' }}
      >
        {words.map(({ text: word, color }) => (
          <span key={word} style={{ display: 'flex', alignItems: 'center', gap: 4 }}>
            <i
              style={{ width: 14, height: 4, borderRadius: 2, background: theme.visualization.getColorByName(color) }}
            />
            {word}
          </span>
        ))}
      </div>
    </div>
  );
}

/** From when to when a value stayed the same; a gap belongs to nobody. */
function stretches({ fields: [time, field] }) {
  const found = [];
  time.values.forEach((start, index) => {
    const value = field.values[index];
    if (value === null) return;
    const end = time.values[index + 1] ?? start;
    const last = found.at(-1);
    if (last && last.value === value && last.end === start) last.end = end;
    else found.push({ value, start, end });
  });
  return found;
}

function ticks({ from, to }) {
  const every = [60, 120, 300, 600, 1_800, 3_600].find((seconds) => (to - from) / seconds < 12) ?? 7_200;
  const first = Math.ceil(from / every) * every;
  return Array.from({ length: Math.floor((to - first) / every) + 1 }, (_, n) => (first + n * every) * 1_000);
}
