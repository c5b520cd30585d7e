/** The colours of everything: `themes.css` has them, by the name on the root element. */

export function themeView() {
  const root = document.documentElement;
  const bars = [...document.querySelectorAll('meta[name="theme-color"]')];
  const [light, dark] = bars.map(({ content }) => content);
  // The browser's own bar is as the page. `system`: the two say for which device they are.
  const paper = { system: [light, dark], light: [light, light], dark: [dark, dark], neon: ["#0a0616", "#0a0616"] };

  return ({ settings: { theme } }) => {
    // A theme that only a newer page has looks as `system` here.
    const worn = paper[theme] ?? paper.system;
    if (root.dataset.theme !== theme) root.dataset.theme = theme;
    bars.forEach((bar, at) => {
      if (bar.content !== worn[at]) bar.content = worn[at];
    });
  };
}
