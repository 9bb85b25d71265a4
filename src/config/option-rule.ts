import { assertNever } from '../errors/assert-never.js';
import { formatByteSize } from './byte-size.js';
import type { CanBeOff, Option } from './option.js';
import { exactDuration } from './option-value.js';

/** The rule of an option, in words that follow "must be". */
export function optionRule(option: Option): string {
  switch (option.kind) {
    case 'duration':
      return `a duration from ${exactDuration(option.min)} to ${exactDuration(option.max)}${orFalse(option)}`;
    case 'bytes':
      return `a size from ${formatByteSize(option.min)} to ${formatByteSize(option.max)}`;
    case 'integer':
      return `a whole number from ${option.min} to ${option.max}${orFalse(option)}`;
    case 'choice':
      return `one of ${option.choices.join(', ')}`;
    case 'flag':
      return 'true or false';
    case 'text':
      return option.expected;
    case 'list':
      return `a list of ${option.entries}, or a text that separates them by commas`;
    default:
      return assertNever(option);
  }
}

function orFalse({ canBeOff }: Partial<CanBeOff>): string {
  return canBeOff ? ', or false' : '';
}
