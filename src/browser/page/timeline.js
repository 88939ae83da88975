// Runs in every page before its own scripts, beside hide_resize.js: counts the requests that scripts have sent and how often
// they are called, and can bring the page's own drawing to its end, hold its loops, and set its clock. It takes what it needs before the page can replace it.
// __NAME__ becomes an unguessable event name.
(() => {
  const NAME = "__NAME__";
  // A loop is held after as many frames, and as much of the page's time, as make a whole number of these.
  const LAP_FRAMES = 600;
  const LAP_MS = 10000;
  // So long may it take to get there.
  const MOST_MS = 3000;
  // What comes to its end within so many frames, this far apart, is taken there at once; and so long may that take.
  const END_FRAMES = 40;
  const END_STEP_MS = 50;
  const END_MOST_MS = 200;
  // A request that takes longer is a line that the server keeps open.
  const PATIENCE_MS = 5000;

  const call = Function.prototype.call.bind(Function.prototype.call);
  const { apply, construct } = Reflect;
  const { ceil, floor } = Math;
  const listen = EventTarget.prototype.addEventListener;
  const send = EventTarget.prototype.dispatchEvent;
  const then = Promise.prototype.then;
  const nowOf = Performance.prototype.now;
  const clock = performance;
  const Told = CustomEvent;
  const report = window.reportError;
  const now = () => call(nowOf, clock);
  const tell = (name, detail) => call(send, window, new Told(`${NAME}-${name}`, { detail }));
  const replace = (owner, name, how) => (owner[name] = new Proxy(owner[name], { apply: how }));

  // Requests by number, with the moment when each was sent.
  const requests = Object.create(null);
  let lastRequest = 0;
  const begin = () => {
    const number = (lastRequest += 1);
    requests[number] = now();
    return () => delete requests[number];
  };
  replace(window, "fetch", (fetch, self, given) => {
    const end = begin();
    const ended = (answer) => {
      end();
      return answer;
    };
    const failed = (error) => {
      end();
      throw error;
    };
    return call(then, apply(fetch, self, given), ended, failed);
  });
  replace(XMLHttpRequest.prototype, "send", (sendRequest, self, given) => {
    const end = begin();
    call(listen, self, "loadend", end, { once: true });
    try {
      return apply(sendRequest, self, given);
    } catch (error) {
      end();
      throw error;
    }
  });
  call(listen, window, `${NAME}-ask`, () => {
    let count = 0;
    for (const number in requests) if (now() - requests[number] < PATIENCE_MS) count += 1;
    tell("requests", count);
  });

  // How often the page was called by its timers and for its frames.
  let calls = 0;
  const counted = (callback) =>
    function () {
      calls += 1;
      return apply(callback, this, arguments);
    };
  for (const name of ["setTimeout", "setInterval"]) {
    replace(window, name, (native, self, given) => {
      if (typeof given[0] === "function") given[0] = counted(given[0]);
      return apply(native, self, given);
    });
  }
  // What is drawn by a worker nobody sees from here.
  let isDrawnElsewhere = false;
  replace(HTMLCanvasElement.prototype, "transferControlToOffscreen", (native, self, given) => {
    isDrawnElsewhere = true;
    return apply(native, self, given);
  });
  call(listen, window, `${NAME}-count`, () => tell("calls", calls));

  // The callbacks of the next frame by number; one request of our own stands for all of them.
  const waiting = Object.create(null);
  const requestFrame = window.requestAnimationFrame;
  let lastCallback = 0;
  let isRequested = false;
  let frames = 0;
  // How far the page's time is ahead, and where it stands while a loop is held.
  let ahead = 0;
  let standing = null;
  // How many frames may still be taken to the end of what is drawn, for this picture.
  let leftToEnd = END_FRAMES;
  const isWaiting = () => {
    for (const _ in waiting) return true;
    return false;
  };
  const runFrame = (time) => {
    const numbers = Object.create(null);
    for (const number in waiting) numbers[number] = true;
    frames += 1;
    calls += 1;
    for (const number in numbers) {
      const callback = waiting[number];
      if (!callback) continue;
      delete waiting[number];
      try {
        call(callback, window, time);
      } catch (error) {
        call(report, window, error);
      }
    }
  };
  const goOn = () => {
    if (isRequested || standing !== null || !isWaiting()) return;
    isRequested = true;
    call(requestFrame, window, (time) => {
      isRequested = false;
      if (standing === null && isWaiting()) runFrame(time + ahead);
      goOn();
    });
  };
  replace(window, "requestAnimationFrame", (native, self, given) => {
    // The browser's own words for what is no function; and ours wait for real frames.
    if (typeof given[0] !== "function" || given[0][NAME]) return apply(native, self, given);
    waiting[(lastCallback += 1)] = given[0];
    goOn();
    return lastCallback;
  });
  replace(window, "cancelAnimationFrame", (native, self, given) => {
    delete waiting[given[0]];
  });
  const lead = () => (standing === null ? ahead : standing - now());
  replace(Performance.prototype, "now", (native, self, given) => {
    const real = apply(native, self, given);
    return standing === null ? real + ahead : standing;
  });
  // Events are dated by the same clock, and compared with it.
  const dated = Object.getOwnPropertyDescriptor(Event.prototype, "timeStamp");
  const stamp = new Proxy(dated.get, { apply: (native, self, given) => apply(native, self, given) + lead() });
  Object.defineProperty(Event.prototype, "timeStamp", { ...dated, get: stamp });
  // So are dates, or they begin at a moment that both sides were given.
  const Real = Date;
  const dateOf = Real.now;
  let fixed = null;
  call(listen, window, `${NAME}-clock`, ({ detail }) => (fixed = { at: Number(detail), since: now() }));
  const today = () =>
    fixed ? fixed.at + floor(now() - fixed.since + lead()) : floor(call(dateOf, Real) + lead());
  const Moved = new Proxy(Real, {
    construct: (target, given, self) => construct(target, given.length ? given : [today()], self),
    apply: () => `${new Moved()}`,
  });
  replace(Real, "now", today);
  Object.defineProperty(Real.prototype, "constructor", { value: Moved, writable: true, configurable: true });
  window.Date = Moved;

  const letGo = () => {
    if (standing === null) return;
    ahead = standing - now();
    standing = null;
    goOn();
  };
  // What the page does in promises comes before its next frame.
  const runFrameAt = async (moment) => {
    standing = moment;
    runFrame(moment);
    await null;
    await null;
  };
  // Goes through the frames that lead to the end of what is drawn, if it has one.
  const bringToEnd = async () => {
    if (standing !== null || !leftToEnd || !isWaiting()) return;
    const began = now();
    let moment = began + ahead;
    for (; leftToEnd && isWaiting() && now() - began < END_MOST_MS; leftToEnd -= 1) {
      await runFrameAt((moment += END_STEP_MS));
    }
    letGo();
  };
  // Goes through frames at once until a round number of them, where the page's time is round as well; a loop that
  // ends by itself on the way just ends.
  const hold = async () => {
    if (standing !== null) return frames;
    if (!isWaiting()) return 0;
    const began = now();
    const from = began + ahead;
    const first = frames;
    const goal = (floor(first / LAP_FRAMES) + 1) * LAP_FRAMES;
    const end = ceil((from + 1) / LAP_MS) * LAP_MS;
    while (frames < goal && isWaiting() && now() - began < MOST_MS) {
      await runFrameAt(from + ((end - from) * (frames + 1 - first)) / (goal - first));
    }
    if (frames === goal) return frames;
    letGo();
    return 0;
  };
  call(listen, window, `${NAME}-look`, () => tell("loops", isWaiting() || isDrawnElsewhere ? 1 : 0));
  call(listen, window, `${NAME}-end`, async () => tell("ended", await bringToEnd()));
  call(listen, window, `${NAME}-hold`, async () => tell("held", await hold()));
  call(listen, window, `${NAME}-go`, () => {
    letGo();
    // A loop that goes on has no end.
    if (!isWaiting()) leftToEnd = END_FRAMES;
  });
})();
