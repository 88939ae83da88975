// Counts what the page's scripts wait for: requests, and the bodies of their answers.
// Asked by `library/pending.js`.

// A request that takes longer is a connection that the server keeps open.
const OPEN_MS = 5000;
// The open requests by number, each with the time until which it counts.
const requests = create(null);
let lastRequest = 0;
const beginRequest = (milliseconds = OPEN_MS) => {
  const number = (lastRequest += 1);
  requests[number] = now() + milliseconds;
  return () => delete requests[number];
};
// Calls `end` when the promise is settled, and passes on how.
const endWith = (promise, end) =>
  call(
    then,
    promise,
    (value) => {
      end();
      return value;
    },
    (error) => {
      end();
      throw error;
    },
  );

replace(window, "fetch", (native, self, given) => endWith(apply(native, self, given), beginRequest()));
for (const name of ["arrayBuffer", "blob", "bytes", "formData", "json", "text"]) {
  if (!Response.prototype[name]) continue;
  replace(Response.prototype, name, (native, self, given) => endWith(apply(native, self, given), beginRequest()));
}
replace(XMLHttpRequest.prototype, "send", (native, self, given) => {
  const end = beginRequest();
  listen(self, "loadend", end, { once: true });
  try {
    return apply(native, self, given);
  } catch (error) {
    end();
    throw error;
  }
});
onQuestion("count-requests", () => {
  let count = countPendingWorkers();
  for (const number in requests) if (now() < requests[number]) count += 1;
  return count;
});
