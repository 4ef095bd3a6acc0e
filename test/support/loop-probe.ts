/**
 * Loaded before a program (`--import`): prints with each SIGUSR2, as a line on standard error, how much processor time the
 * longest single turn of its event loop took since the last time (`longest turn: N ms`). Processor time and not the
 * clock, so that other programs of the machine do not count.
 */
let maxTurnMs = 0;
let before = process.cpuUsage();

const look = (): void => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  maxTurnMs = Math.max(maxTurnMs, (user + system) / 1000);
};

// Each look is the end of a turn and the beginning of the next.
setInterval(look, 5).unref();
process.on('SIGUSR2', () => {
  process.stderr.write(`longest turn: ${Math.round(maxTurnMs)} ms\n`);
  maxTurnMs = 0;
});
