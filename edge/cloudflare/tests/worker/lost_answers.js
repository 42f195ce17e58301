// A Worker whose objects decide, and are not heard: what they answer to a request is lost.
import worker, { RecordObject as SoundObject } from "./sound.js";

export class RecordObject extends SoundObject {
  async fetch(request) {
    await super.fetch(request);
    throw new Error("the answer is lost");
  }
}

export default worker;
