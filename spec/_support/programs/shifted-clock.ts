// Loaded before a program: its wall clock is off by as many ms as the environment says, then by as many as the test has said last.
const now = Date.now.bind(Date);
let shiftMs = Number(process.env['SHIFT_MS'] ?? 0);
Date.now = () => now() + shiftMs;
process.on('message', (message) => {
  if (typeof message !== 'object' || message === null || !('shiftMs' in message)) return;
  shiftMs = Number(message.shiftMs);
  process.send?.({ shifted: shiftMs });
});
