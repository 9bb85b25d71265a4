import type { Command } from 'commander';
import type { Cli } from './cli.js';

/** What a command does: it is given its arguments and options as commander parsed them, and answers the exit code. */
export type Action = (cli: Cli, ...given: never[]) => Promise<number>;

/** Turns an action into what commander calls: with the same, and the command itself at the end. */
export type Act = (action: Action) => (...given: unknown[]) => Promise<void>;

/** Adds one command to its parent. */
export type Declare = (parent: Command, act: Act) => void;
