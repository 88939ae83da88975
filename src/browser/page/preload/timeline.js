// The page's drawing loops and its time. It can run a drawing to its end, hold a loop at a round number of frames,
// and moves the page's clocks with them.
// Asked by `library/timeline.js`.

// A loop is held after a multiple of so many frames, and of so much of the page's time.
const LAP_FRAMES = 600;
const LAP_MS = 10000;
// How long that may take.
const LAP_LIMIT_MS = 3000;
// A drawing that ends within so many frames, this far apart, is run to its end at once, in at most so much time.
const END_FRAMES = 40;
const END_STEP_MS = 50;
const END_LIMIT_MS = 200;

// The callbacks of the next frame by number. A single request to the browser stands for all of them.
const frameCallbacks = create(null);
const requestFrame = window.requestAnimationFrame;
let lastCallback = 0;
let isFrameRequested = false;
let frames = 0;
// How far the page's time is ahead of the real one, and the time at which it stands while a loop is held.
let ahead = 0;
let standing = null;
// How many frames may still be run to end a drawing for this picture.
let framesToEnd = END_FRAMES;
// A worker draws; nothing is known of its frames.
let isDrawnByWorker = false;

const isDrawing = () => {
  for (const _ in frameCallbacks) return true;
  return false;
};
// A frame begins a little before its callbacks are called, and the page's clock may have been read in between: its time
// never goes back.
let lastFrame = 0;
const runFrame = (given) => {
  const time = given > lastFrame ? given : lastFrame;
  lastFrame = time;
  const numbers = create(null);
  for (const number in frameCallbacks) numbers[number] = true;
  frames += 1;
  scriptCalls += 1;
  for (const number in numbers) {
    const callback = frameCallbacks[number];
    if (!callback) continue;
    delete frameCallbacks[number];
    try {
      call(callback, window, time);
    } catch (error) {
      call(reportError, window, error);
    }
  }
};
const requestNextFrame = () => {
  if (isFrameRequested || standing !== null || !isDrawing()) return;
  isFrameRequested = true;
  call(requestFrame, window, (time) => {
    isFrameRequested = false;
    if (standing === null && isDrawing()) runFrame(time + ahead);
    requestNextFrame();
  });
};
replace(window, "requestAnimationFrame", (native, self, given) => {
  // The browser has its own words for what is no function. Callbacks of our library need real frames.
  if (typeof given[0] !== "function" || given[0][NAME]) return apply(native, self, given);
  frameCallbacks[(lastCallback += 1)] = given[0];
  requestNextFrame();
  return lastCallback;
});
replace(window, "cancelAnimationFrame", (native, self, given) => {
  delete frameCallbacks[given[0]];
});
replace(HTMLCanvasElement.prototype, "transferControlToOffscreen", (native, self, given) => {
  isDrawnByWorker = true;
  return apply(native, self, given);
});

const lead = () => (standing === null ? ahead : standing - now());
replace(Performance.prototype, "now", (native, self, given) => {
  const real = apply(native, self, given);
  return standing === null ? real + ahead : standing;
});
// Pages compare the time stamps of events with performance.now().
const timeStamp = Object.getOwnPropertyDescriptor(Event.prototype, "timeStamp");
const readTimeStamp = new Proxy(timeStamp.get, { apply: (native, self, given) => apply(native, self, given) + lead() });
Object.defineProperty(Event.prototype, "timeStamp", { ...timeStamp, get: readTimeStamp });
// Dates move with them, or begin at the time that `clock.js` sets for both sides. Then the date stands still during one
// task, so that two readings in a row are the same on both sides. A task that waits for time to pass still sees it pass.
const TASK_MS = 50;
let fixed = null;
let lastRead = null;
const taskEnds = new MessageChannel();
const postMessage = MessagePort.prototype.postMessage;
listen(taskEnds.port1, "message", () => (lastRead = null));
taskEnds.port1.start();
const fixedNow = () => {
  const at = now();
  if (standing !== null) return at + lead();
  if (lastRead && lastRead.ahead === ahead && at < lastRead.at + TASK_MS) return lastRead.at + ahead;
  if (!lastRead) call(postMessage, taskEnds.port2, null);
  lastRead = { at, ahead };
  return at + ahead;
};
onMessage("set-clock", ({ detail }) => (fixed = { at: Number(detail), since: now() }));
const dateNow = () =>
  fixed ? fixed.at + floor(fixedNow() - fixed.since) : floor(call(originalDateNow, OriginalDate) + lead());
// The origin of performance.now() is on the same clock.
const timeOrigin = Object.getOwnPropertyDescriptor(Performance.prototype, "timeOrigin");
const readTimeOrigin = new Proxy(timeOrigin.get, {
  apply: (native, self, given) => (fixed ? fixed.at - fixed.since : apply(native, self, given)),
});
Object.defineProperty(Performance.prototype, "timeOrigin", { ...timeOrigin, get: readTimeOrigin });
const PageDate = new Proxy(OriginalDate, {
  construct: (target, given, self) => construct(target, given.length ? given : [dateNow()], self),
  apply: () => `${new PageDate()}`,
});
replace(OriginalDate, "now", dateNow);
Object.defineProperty(OriginalDate.prototype, "constructor", { value: PageDate, writable: true, configurable: true });
window.Date = PageDate;

const release = () => {
  if (standing === null) return;
  ahead = standing - now();
  standing = null;
  requestNextFrame();
};
// The page's promises are settled before its next frame.
const runFrameAt = async (time) => {
  standing = time;
  runFrame(time);
  await null;
  await null;
};
const bringToEnd = async () => {
  if (standing !== null || !framesToEnd || !isDrawing()) return;
  const began = now();
  let time = began + ahead;
  for (; framesToEnd && isDrawing() && now() - began < END_LIMIT_MS; framesToEnd -= 1) {
    await runFrameAt((time += END_STEP_MS));
  }
  release();
};
// Runs frames up to the next whole lap, where the page's time is round as well. Returns 0 for a loop that ends by
// itself on the way.
const hold = async () => {
  if (standing !== null) return frames;
  if (!isDrawing()) return 0;
  const began = now();
  const from = began + ahead;
  const first = frames;
  const goal = (floor(first / LAP_FRAMES) + 1) * LAP_FRAMES;
  const end = ceil((from + 1) / LAP_MS) * LAP_MS;
  while (frames < goal && isDrawing() && now() - began < LAP_LIMIT_MS) {
    await runFrameAt(from + ((end - from) * (frames + 1 - first)) / (goal - first));
  }
  if (frames === goal) return frames;
  release();
  return 0;
};

onQuestion("has-loops", () => (isDrawing() || isDrawnByWorker ? 1 : 0));
onMessage("bring-to-end", async () => answer("bring-to-end", await bringToEnd()));
onMessage("hold", async () => answer("hold", await hold()));
onMessage("release", () => {
  release();
  // A loop that goes on has no end.
  if (!isDrawing()) framesToEnd = END_FRAMES;
});
