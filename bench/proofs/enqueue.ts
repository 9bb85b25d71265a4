import type { Proof } from '../proof.js';
export const enqueue: Proof = { name: 'enqueue', about: '', run: async () => { throw new Error('x'); } };
