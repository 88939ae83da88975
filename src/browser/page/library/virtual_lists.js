// Lists that draw only the rows in view, and take up the room of all by a height or a padding in their inline style. Where
// they do so on scrolling alone, a picture shows nothing for the others.
// Called by `scrollers.js`.

// How many rows make a list, and how much of the view must be blank behind them.
const LEAST_ROWS = 4;
const BLANK_IN_VIEW = 0.5;
const REPLACED = "img, svg, canvas, video, picture, iframe, input, button";

const isDrawn = (element) => {
  if (element.matches(REPLACED)) return true;
  if ([...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) return true;
  const { backgroundColor, backgroundImage } = getComputedStyle(element);
  return backgroundImage !== "none" || backgroundColor !== "rgba(0, 0, 0, 0)";
};
// Whether its inline style makes an element so tall.
const hasOwnRoom = ({ style }) => [style.height, style.minHeight, style.paddingBottom].some((size) => number(size) >= innerHeight * BLANK_IN_VIEW);
// Rows are siblings of one kind, equally tall or placed one by one.
const areRows = (elements) => {
  const [first] = elements;
  const isPlaced = (element) => getComputedStyle(element).position === "absolute" || element.style.transform;
  const isAlike = (element) => element.localName === first.localName && (isPlaced(element) || Math.abs(element.offsetHeight - first.offsetHeight) <= 1);
  return elements.length >= LEAST_ROWS && elements.every(isAlike);
};
const rowsIn = (list) => {
  const groups = [list, ...list.querySelectorAll("*")].map(({ children }) => [...children].filter((child) => child.offsetHeight > 0 && !hasOwnRoom(child)));
  return groups.find(areRows) || [];
};

// Whether the list is blank behind its last row, up to where it ends.
const endsBlank = (list) => {
  const rows = rowsIn(list);
  if (!rows.length) return false;
  const { top, bottom } = edgesOf(list);
  const drawn = [...list.querySelectorAll("*")].filter((element) => edgesOf(element).height < (bottom - top) * 0.9 && isDrawn(element));
  const end = Math.max(top, ...drawn.map((element) => edgesOf(element).bottom));
  return end > top && bottom - end > innerHeight * BLANK_IN_VIEW;
};

// The first list of this kind.
const blankList = () => {
  const roomy = allIn(rootsOf(document), "[style]").filter((element) => element.offsetHeight > innerHeight * BLANK_IN_VIEW && hasOwnRoom(element));
  // The room may be that of an empty element beside the rows.
  const lists = roomy.map((element) => (element.children.length ? element : element.parentElement)).filter(Boolean);
  return lists.find((list) => !isViewport(list) && list !== document.body && endsBlank(list));
};
