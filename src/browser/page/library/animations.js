// Ends animations and transitions.
// Called by `settle.js`.

// Finite animations go to their end, endless ones to their beginning. Returns how many were running.
const finishAnimations = (root) => {
  const running = root.getAnimations().filter((animation) => ["running", "pending"].includes(animation.playState));
  for (const animation of running) {
    const { endTime } = animation.effect ? animation.effect.getComputedTiming() : { endTime: 0 };
    if (Number.isFinite(Number(endTime)) && animation.playbackRate !== 0) animation.finish();
    else animation.cancel();
  }
  return running.length;
};
