/** What a process of the pool does; every log line and every metric of it carries this word as `role`. */
export type Role = 'worker' | 'supervisor' | 'producer' | 'keeper' | 'cli';
