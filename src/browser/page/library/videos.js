// Stops videos for a picture.
// Called by `pending.js`, by `timeline.js` to let them play on, and by `preload/foreign_frames.js`.

// The videos that we stopped, and how often. A page that starts a video again each time wins.
const stoppedVideos = new Map();
const MOST_STOPS = 3;

// Shows the first picture of each video. Returns how many are not there yet.
const stopVideos = (videos) => {
  let moving = 0;
  for (const video of videos) {
    const stops = stoppedVideos.get(video) || 0;
    if (!video.paused && video.readyState >= 2 && stops < MOST_STOPS) {
      stoppedVideos.set(video, stops + 1);
      video.pause();
      video.currentTime = 0;
      moving += 1;
    } else if (stops > 0 && video.seeking) moving += 1;
  }
  return moving;
};

const playVideos = () => {
  for (const video of stoppedVideos.keys()) video.play().catch(() => {});
  stoppedVideos.clear();
};
