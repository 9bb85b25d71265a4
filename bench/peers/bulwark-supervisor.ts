import { createSupervisor } from 'bulwark';

const [, , url = ''] = process.argv;
process.once('disconnect', () => process.exit());
await createSupervisor({ redis: url }).start();
process.send?.('ready');
