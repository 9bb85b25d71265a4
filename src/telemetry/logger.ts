import type { Logger as PinoLogger } from 'pino';

/** The logger handed to every part: pino's, JSON on stdout. */
export type Logger = PinoLogger;
