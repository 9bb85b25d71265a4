/**
 * The floors of the house, from the ground up. A room may import from its own floor and from those below, never from
 * one above: so the lower a room lies, the less can break it.
 */
const floors: readonly (readonly string[])[] = [
  ['errors', 'time'],
  ['job', 'config'],
  ['telemetry', 'service'],
  ['redis'],
  [
    'transport',
    'retry',
    'idempotency',
    'dead-letter',
    'breaker',
    'flow',
    'concurrency',
    'shedding',
    'recovery',
    'scaling',
    'audit',
  ],
  ['producer', 'worker', 'supervisor'],
  ['gateway', 'cli'],
];

/** The floor of the capability rooms: they may share pure files, but each keeps its store to itself. */
const capabilityFloor = 4;

/** A source file: its path from the root of the project, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Says what a file does that its place does not allow. Pure. */
export function findBreaches(file: SourceFile): string[] {
  const code = withoutComments(file.text);
  const imports = importsOf(code);
  return file.path.startsWith('workers/')
    ? [...workerImportBreaches(file.path, imports), ...packageBreaches(file.path, imports)]
    : [
        ...floorBreaches(file.path, imports),
        ...packageBreaches(file.path, imports),
        ...processBreaches(file.path, code),
        ...purityBreaches(file.path, code),
      ];
}

/** `src/index.ts` is the roof: it shows every room to the outside, so it may import all of them. */
function floorBreaches(path: string, imports: readonly string[]): string[] {
  const room = roomOf(path);
  if (room === undefined) return [];
  const floor = floorOf(room);
  if (floor === undefined) return [`${path}: room '${room}' has no floor; give it one in test/support/floor-rules.ts`];
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .flatMap((specifier) => {
      const target = resolvePath(path, specifier);
      const targetRoom = roomOf(target);
      const targetFloor = targetRoom === undefined ? floors.length : (floorOf(targetRoom) ?? floors.length);
      if (!target.startsWith('src/')) return [`${path}: imports ${target}, which is outside of src`];
      if (targetFloor > floor) return [`${path}: imports ${target}, which lies on a higher floor`];
      if (floor === capabilityFloor && targetFloor === floor && targetRoom !== room && /-store\.js$/.test(target)) {
        return [`${path}: imports ${target}, the store of another capability`];
      }
      return [];
    });
}

function workerImportBreaches(path: string, imports: readonly string[]): string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.') || specifier.startsWith('bulwark/'))
    .filter((specifier) => specifier.startsWith('bulwark/') || !resolvePath(path, specifier).startsWith('workers/'))
    .map(
      (specifier) => `${path}: imports '${specifier}'; kinds of work import 'bulwark', packages and their own files`,
    );
}

function packageBreaches(path: string, imports: readonly string[]): string[] {
  if (path.startsWith('src/transport/') || !imports.some((name) => name === 'bullmq' || name.startsWith('bullmq/')))
    return [];
  return [`${path}: imports bullmq, which only src/transport knows`];
}

function processBreaches(path: string, code: string): string[] {
  return [
    ...(/\bprocess\.env\b/.test(code) && path !== 'src/config/env.ts'
      ? [`${path}: touches process.env, which only src/config/env.ts does`]
      : []),
    ...(/\bprocess\.exit\b(?!Code)/.test(code) && !path.startsWith('src/cli/')
      ? [`${path}: calls process.exit, which only src/cli does`]
      : []),
  ];
}

const impurities =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\brandomUUID\b|\bsetTimeout\b|\bprocess\./;

/** A file that exports a decision is tested as a table: clock, randomness and the process are handed in. */
function purityBreaches(path: string, code: string): string[] {
  if (!/export (?:async )?function decide[A-Z]|export const decide[A-Z]/.test(code)) return [];
  const impurity = impurities.exec(code)?.[0];
  return impurity === undefined ? [] : [`${path}: decides and uses ${impurity}; hand it in`];
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function floorOf(room: string): number | undefined {
  const floor = floors.findIndex((rooms) => rooms.includes(room));
  return floor === -1 ? undefined : floor;
}

function importsOf(code: string): string[] {
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function resolvePath(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
