// The trees of a document.
// Called by the other files of this folder, and by `preload/foreign_frames.js`.

// The document and every shadow root in it.
const rootsOf = (top) => {
  const found = [top];
  for (let index = 0; index < found.length; index += 1) {
    for (const element of found[index].querySelectorAll("*")) {
      if (element.shadowRoot) found.push(element.shadowRoot);
    }
  }
  return found;
};
