// A Worker whose objects can't set an alarm.
import worker, { RecordObject as SoundObject } from "./sound.js";

function changed(target, changes) {
  const get = (_, name) => {
    const value = changes[name] ?? target[name];
    return typeof value === "function" ? value.bind(target) : value;
  };
  return new Proxy(target, { get });
}

function setAlarm() {
  throw new Error("no alarm");
}

export class RecordObject extends SoundObject {
  constructor(state, env) {
    super(changed(state, { storage: changed(state.storage, { setAlarm }) }), env);
  }
}

export default worker;
