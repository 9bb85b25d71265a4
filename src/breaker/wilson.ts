/** 97.5 % sure on the one side. Surer would need half a minute more to see an outage of a dependency that is called every other second. */
const z = 1.96;

/**
 * The lower end of Wilson's interval: so high at least the true ratio is, by what `hits` of `calls` can tell. Pure. 4 of 4 is above 0.5, 12
 * of 20 is not, 60 of 100 is again.
 * @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
export function wilsonLowerBound(hits: number, calls: number): number {
  if (calls <= 0) return 0;
  const ratio = hits / calls;
  const spread = z * Math.sqrt((ratio * (1 - ratio)) / calls + z ** 2 / (4 * calls ** 2));
  return (ratio + z ** 2 / (2 * calls) - spread) / (1 + z ** 2 / calls);
}
