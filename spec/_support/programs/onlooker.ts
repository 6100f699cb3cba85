// Waits for the result of a run that another process executes, and does nothing else. Arguments: url, id of the run.
import { Tempolite } from '../../../source/index.js';

const [url = '', id = ''] = process.argv.slice(2);
const tempolite = await Tempolite.open({ url, worker: false });
process.send?.('waiting');
process.disconnect();
const result = await tempolite.run(id).result();
await tempolite.close();
process.exitCode = result === 'hello 1' ? 0 : 3;
