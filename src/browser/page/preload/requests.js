// Counts the requests that the page's scripts wait for.
// Asked by `library/pending.js`.

// A request that takes longer is a connection that the server keeps open.
const OPEN_MS = 5000;
// The open requests by number, each with the time when it was sent.
const requests = create(null);
let lastRequest = 0;
const beginRequest = () => {
  const number = (lastRequest += 1);
  requests[number] = now();
  return () => delete requests[number];
};

replace(window, "fetch", (native, self, given) => {
  const end = beginRequest();
  const succeed = (response) => {
    end();
    return response;
  };
  const fail = (error) => {
    end();
    throw error;
  };
  return call(then, apply(native, self, given), succeed, fail);
});
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
  let count = 0;
  for (const number in requests) if (now() - requests[number] < OPEN_MS) count += 1;
  return count;
});
