/** Fields of a job's hash in the order in which fetch-and-finish answers them to Bulwark's workers. */
export const fetchedFields = [
  'ats',
  'name',
  'data',
  'opts',
  'timestamp',
  'atm',
  'parentKey',
  'parent',
  'rjk',
  'defa',
  'bwi',
] as const;
