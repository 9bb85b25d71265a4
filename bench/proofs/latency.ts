import type { Proof } from '../proof.js';
export const latency: Proof = { name: 'latency', about: '', run: async () => { throw new Error('x'); } };
