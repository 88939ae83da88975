// The page's sizes and scroll position in CSS pixels.
// Called from `shoot/frame.rs` as `measure`, and by `settle.js`.
const measure = () => {
  const page = document.documentElement || { scrollWidth: 0, scrollHeight: 0 };
  const body = document.body;
  return {
    width: innerWidth,
    height: innerHeight,
    scale: devicePixelRatio,
    scrollX,
    scrollY,
    pageWidth: Math.max(innerWidth, page.scrollWidth),
    pageHeight: Math.max(innerHeight, page.scrollHeight, body && getComputedStyle(body).position === "static" ? body.scrollHeight : 0),
  };
};
