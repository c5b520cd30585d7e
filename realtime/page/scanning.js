/** Codes before the camera: read by the browser itself where it can, else by the page (`qr.js`). */

import { again } from "./language.js";

/** In a file of its own (`realtime/bundle.py`). */
const CODES = "/page/qr.js";
const PATIENCE = 3;
const LOOK_MS = 150;
/** A code that fills half of this can be read; more only takes longer. */
const WIDEST = 800;

/** What draws and reads codes. Throws where it cannot be had. */
export async function codes() {
  const loaded = await again(CODES, PATIENCE);
  if (!loaded) throw Object.assign(new Error(CODES), { code: "offline" });
  return loaded;
}

/** Whether a browser has a camera to ask for. */
export function canScan() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

/**
 * Show in `video` what the camera sees, and look for a code until `found(text)` says that it was what is looked for, or `signal` that it
 * is enough. Throws what a browser says that opens no camera, or `offline`.
 */
export async function scan(video, found, signal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  try {
    const read = await reader();
    if (signal.aborted) return;
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const text = await read(video);
      if (text !== null && !signal.aborted && found(text)) return;
      await new Promise((resume) => setTimeout(resume, LOOK_MS));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}

/** `read(video)`: the text of a code in it, or null. */
async function reader() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (!formats.includes("qr_code")) return byOurselves(await codes());
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video).catch(() => []))[0]?.rawValue ?? null;
}

function byOurselves({ read }) {
  const paper = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDEST / video.videoWidth);
    const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    if (!width || !height) return null;
    Object.assign(paper.canvas, { width, height });
    paper.drawImage(video, 0, 0, width, height);
    return read(paper.getImageData(0, 0, width, height));
  };
}
