// Knows the windows that this one has opened, and ends the documents that a script has written into them. Without
// `document.close()` the browser waits for more of such a document, and a driver with it.
// Told by `library/windows.js`.

const popups = new OwnSet();
replace(window, "open", (native, self, given) => {
  const opened = apply(native, self, given);
  if (opened) popups.add(opened);
  return opened;
});
onMessage("end-written", () =>
  popups.forEach((popup) => {
    try {
      // A document that came from a server has no end that a script can set: then this does nothing.
      if (popup.document.readyState === "loading") popup.document.close();
    } catch {
      // A window of another site.
    }
  }),
);
