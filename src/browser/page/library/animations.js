// Brings animations and transitions to rest for a picture, and lets them go on.
// Called by `pending.js`, by `timeline.js` to let them go on, and by `preload/foreign_frames.js`.

// Nobody waits so long for the end of an animation: it counts as endless.
const ENDLESS_MS = 600000;

// The rate of an animation that stands still. At a rate of zero Chromium leaves `transform`, `opacity` and the like on the
// screen as they were last drawn, so there it is a millisecond in a million seconds.
const STILL_RATE = "webkitRequestFileSystem" in window ? 1e-9 : 0;

// The endless animations that stand still, each with what it had before.
const stoodAnimations = new Map();

// What a scroll position moves, also by a view timeline, is part of the page at that position.
const isMovedByTime = ({ timeline }) => Object.prototype.toString.call(timeline) === "[object DocumentTimeline]";

// An animation that runs backwards ends at its beginning.
const isEndless = ({ effect, playbackRate }) =>
  playbackRate > 0 && Boolean(effect) && !(Number(effect.getComputedTiming().endTime) <= ENDLESS_MS);

// Shows the first frame of an endless animation, after its delay. Returns whether that changed anything. This is no
// pause: pausing a CSS animation by script would cut it off from `animation-play-state`.
const standStill = (animation) => {
  const first = Math.max(0, Number(animation.effect.getComputedTiming().delay) || 0);
  const { currentTime, playbackRate } = animation;
  const stood = stoodAnimations.get(animation);
  const isStill = Boolean(stood) && playbackRate === STILL_RATE;
  if (isStill && Math.abs(currentTime - first) < 1) return false;
  stoodAnimations.set(animation, {
    rate: isStill ? stood.rate : playbackRate,
    // An animation that has not begun goes on from its beginning, so that it begins once.
    time: Math.max(first, Number(currentTime) || 0),
  });
  animation.playbackRate = STILL_RATE;
  animation.currentTime = first;
  return true;
};

const bringToRest = (animation) => {
  if (isEndless(animation) || stoodAnimations.has(animation)) return standStill(animation);
  if (animation.playbackRate === 0) return false;
  animation.finish();
  return true;
};

// Whether a transition from one view to another is about to begin, or has ended and is still shown. One that the
// page has paused, or without end, stands still.
const isInTransition = (root) =>
  Boolean(root.activeViewTransition) &&
  root.getAnimations().every(({ effect, playState }) => {
    const part = effect && effect.pseudoElement;
    return !String(part).startsWith("::view-transition") || playState === "finished";
  });

// Finite animations go to their end, endless ones to their beginning. Returns how many were moving.
const stopAnimations = (root) => {
  const running = root.getAnimations().filter((one) => ["running", "pending"].includes(one.playState) && isMovedByTime(one));
  return running.filter(bringToRest).length;
};

// Lets the endless animations go on from where they were.
const playAnimations = () => {
  for (const [animation, { rate, time }] of stoodAnimations) {
    if (animation.playbackRate !== STILL_RATE) continue;
    animation.playbackRate = rate;
    if (["running", "paused"].includes(animation.playState)) animation.currentTime = time;
  }
  stoodAnimations.clear();
};
