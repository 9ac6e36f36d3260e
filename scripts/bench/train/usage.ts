/** What this process has used: of the clock, of all cores, and of memory at most. */
export function usage(started: number) {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    seconds: Math.round((performance.now() - started) / 100) / 10,
    cpu_seconds: Math.round((userCPUTime + systemCPUTime) / 1e5) / 10,
    peak_mb: Math.round(maxRSS / 1024),
  };
}
