// Waiting: for the browser's next frames, or for some time.
// Called by the other files of this folder. `__FRAMES_MS__` becomes how long two frames may take.
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// The mark tells timeline.js that the callback is ours, so that it waits for a real frame even where the page's
// frames are held.
const nextFrame = () => new Promise((done) => requestAnimationFrame(Object.assign(() => done(true), { [NAME]: true })));

// Resolves to whether two frames came. A window behind another one has none.
const nextFrames = () => Promise.race([nextFrame().then(nextFrame), pause(__FRAMES_MS__).then(() => false)]);
