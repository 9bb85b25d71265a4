import { createSupervisor } from 'bulwark';

const [, , url = ''] = process.argv;
const supervisor = createSupervisor({ redis: url });
process.once('disconnect', () => process.exit());
process.once('SIGTERM', () => void supervisor.stop().then(() => process.exit()));
await supervisor.start();
process.send?.('ready');
