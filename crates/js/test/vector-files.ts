/** Every file of vectors, and the fewest steps it may have: one that lost its rows would pass as well. */
export const VECTOR_FILES: readonly (readonly [name: string, stepsMin: number])[] = [
  ["adaptive", 60],
  ["concurrency", 40],
  ["control", 40],
  ["fixed-window", 40],
  ["gcra", 40],
  ["holds", 50],
  ["interval-bucket", 25],
  ["leaky-bucket", 25],
  ["leaky-queue", 25],
  ["requests", 40],
  ["several", 25],
  ["shadow", 20],
  ["shares", 25],
  ["sliding-counter", 35],
  ["sliding-log", 35],
  ["token-bucket", 55],
];

/** The same of what callers of an upstream share. */
export const UPSTREAM_FILES: readonly (readonly [name: string, stepsMin: number])[] = [
  ["barrier", 70],
  ["cooldown", 80],
  ["feedback", 195],
];
