// Counts the workers from which the page expects something: until they have started, and until they answer a message.
// Part of what `requests.js` counts.

// A worker that says anything without being asked does so soon after it has started.
const STARTED_MS = 100;

// The workers that the page may wait for, each with when it was made and what it was asked.
const workers = new OwnSet();
const workerStates = new OwnWeakMap();
const isStarted = ({ url, madeAt }) => {
  if (url === "") return now() > madeAt + STARTED_MS;
  const entry = call(getEntriesByName, clock, url, "resource")[0];
  return Boolean(entry) && now() > entry.responseEnd + STARTED_MS;
};
const isExpected = (state) => {
  if (state.askedAt !== null) {
    if (now() < state.askedAt + STREAM_MS) return true;
    // It answers no messages, or not soon.
    state.isSilent = true;
    state.askedAt = null;
  }
  return !state.hasSpoken && now() < state.madeAt + STREAM_MS && !isStarted(state);
};
const countPendingWorkers = () => {
  let count = 0;
  workers.forEach((worker) => {
    if (isExpected(workerStates.get(worker))) count += 1;
    else workers.delete(worker);
  });
  return count;
};
onConstructed("Worker", (worker, given) => {
  // The browser has made a URL of it already, so this is one.
  const { protocol, href } = new OriginalURL(given[0], document.baseURI);
  const hasEntry = protocol === "http:" || protocol === "https:";
  const state = { url: hasEntry ? href : "", madeAt: now(), askedAt: null, hasSpoken: false, isSilent: false };
  const fail = (event) => {
    hear();
    // An error of a script that runs has a message.
    if (!(event instanceof ErrorEvent) && hasEntry) noteFailure("worker", href);
  };
  const hear = () => {
    state.hasSpoken = true;
    state.askedAt = null;
  };
  workers.add(worker);
  workerStates.set(worker, state);
  listen(worker, "message", hear);
  listen(worker, "error", fail);
});
if (window.Worker) {
  replace(Worker.prototype, "postMessage", (native, self, given) => {
    const state = workerStates.get(self);
    if (state && !state.isSilent) {
      state.askedAt = now();
      workers.add(self);
    }
    return apply(native, self, given);
  });
  replace(Worker.prototype, "terminate", (native, self, given) => {
    workers.delete(self);
    return apply(native, self, given);
  });
}
