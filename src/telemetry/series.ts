export type LabelValues = Readonly<Record<string, string>>;

/** How the values of labels are bounded before they are recorded. */
export type LabelFilter = (labels: LabelValues) => LabelValues;

/** How many combinations of labels, as they were handed in, are remembered; any more are looked up by what the filter makes of them. */
const mostRemembered = 10_000;

/** One level for each label; at the last one the series. */
type Level<S> = Map<string, Level<S> | S>;

/**
 * The series of one metric, by their labels. A worker asks for five of them with every job, so they are found by the words themselves:
 * to sort, join and hash labels costs more than the counting.
 */
export class SeriesByLabels<S> {
  readonly #names: readonly string[];
  readonly #filter: LabelFilter;
  readonly #create: (labels: LabelValues) => S;
  readonly #first: Level<S> = new Map();
  #remembered = 0;
  readonly #all = new Map<string, S>();

  /** @param create makes the series of labels that were not seen before, as the filter left them. */
  constructor(names: readonly string[], filter: LabelFilter, create: (labels: LabelValues) => S) {
    this.#names = names;
    this.#filter = filter;
    this.#create = create;
    if (names.length === 0) this.of({});
  }

  /** The series of some labels; made when there is none. */
  of(labels: LabelValues): S {
    let level: Level<S> | S | undefined = this.#first;
    for (let at = 0; at < this.#names.length && level !== undefined; at++) {
      level = (level as Level<S>).get(labels[this.#names[at] ?? ''] ?? '');
    }
    return level === undefined || level === this.#first ? this.#lookUp(labels) : (level as S);
  }

  values(): Iterable<S> {
    return this.#all.values();
  }

  #lookUp(given: LabelValues): S {
    const labels = this.#filter(given);
    const key = JSON.stringify(this.#names.map((name) => labels[name]));
    let series = this.#all.get(key);
    if (series === undefined) {
      series = this.#create(labels);
      this.#all.set(key, series);
    }
    this.#remember(given, series);
    return series;
  }

  #remember(labels: LabelValues, series: S): void {
    if (this.#remembered >= mostRemembered || this.#names.length === 0) return;
    this.#remembered += 1;
    let level = this.#first;
    for (const name of this.#names.slice(0, -1)) {
      const next = (level.get(labels[name] ?? '') as Level<S> | undefined) ?? new Map();
      level.set(labels[name] ?? '', next);
      level = next;
    }
    level.set(labels[this.#names.at(-1) ?? ''] ?? '', series);
  }
}
