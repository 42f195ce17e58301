/** The interfaces of the limiter component (`wit/limiter`), each an object of functions. */

const path = process.env.TOLLGATE_TRANSPILED ?? new URL("dist/limiter.js", import.meta.url);
const component = await import(path);

export const { limiter, cooldown, barrier, feedback } = component;
