import { nearestWord } from '../errors/suggestion.js';
import type { ConfigFault } from './config-error.js';
import type { GivenValue, Reading } from './given-value.js';
import { optionEntries } from './option-entries.js';

/** Environment variables, handed in so that tests and embedders can choose them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file, instead of `bulwark.config.json` in the working directory. */
export const configFileVariable = 'BULWARK_CONFIG';

const prefix = 'BULWARK_';

/** The environment of this process. The only place in Bulwark that looks at it. */
export function processEnvironment(): Environment {
  return process.env;
}

/**
 * Finds the options in the environment.
 *
 * An empty variable counts as not set, because that is what Compose files and CI make of a missing value. A variable that
 * begins with BULWARK_ and is no option is a fault: a mistyped limit must not go unnoticed.
 */
export function readEnvironment(env: Environment): Reading {
  return { given: optionEntries.flatMap((entry) => givenBy(env, entry)), faults: unknownVariables(env) };
}

function givenBy(env: Environment, entry: (typeof optionEntries)[number]): GivenValue[] {
  const variable = entry.variables.find((name) => isSet(env[name]));
  if (variable === undefined) return [];
  return [{ entry, input: env[variable], source: { source: 'environment', detail: variable } }];
}

function unknownVariables(env: Environment): ConfigFault[] {
  const known = [configFileVariable, ...optionEntries.flatMap((entry) => entry.variables)].filter((name) =>
    name.startsWith(prefix),
  );
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && env[name] !== undefined && !known.includes(name))
    .map((name) => ({
      subject: name,
      rule: 'is not a variable of Bulwark',
      origin: 'environment',
      suggestion: nearestVariable(name, known),
    }));
}

/** Compares without the prefix: letters that all names share would make strangers look alike. */
function nearestVariable(name: string, known: readonly string[]): string | undefined {
  const nearest = nearestWord(
    name.slice(prefix.length),
    known.map((candidate) => candidate.slice(prefix.length)),
  );
  return nearest === undefined ? undefined : `${prefix}${nearest}`;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}
