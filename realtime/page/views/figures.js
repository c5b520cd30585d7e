/** What became of a partner's rewards, by day: of the days that one chooses, and as a file for a spreadsheet. */

import { lively } from "../rewards-state.js";
import { filled, words } from "../texts.js";
import { card, clearErrors, download, errorAbove, h, submitting } from "./dom.js";

export function figuresCard({ rewards }) {
  const t = words.counter;
  const [from, to] = ["from", "to"].map((name) => h("input", { type: "date", name }));
  const days = h("div", { class: "scrolled", tabIndex: 0, role: "group", "aria-label": t.figures });
  const form = h(
    "form", { noValidate: true, "aria-label": t.figures }, errorAbove(),
    h("div", { class: "pair" }, h("label", {}, t.from, from), h("label", {}, t.to, to)), days,
    h("div", { class: "row" }, h("button", { class: "primary" }, t.save)),
  );
  let [partner, as] = [null, null];
  const asked = () => ({ ...(from.value && { from: from.value }), ...(to.value && { to: to.value }) });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitting(form, save);
  });
  form.addEventListener("change", count);

  function count() {
    clearErrors(form);
    return submitting(form, () => rewards.count(partner, asked()));
  }

  async function save() {
    clearErrors(form);
    const file = URL.createObjectURL(new Blob([await rewards.table(partner, asked())], { type: "text/csv" }));
    download(file, `${filled(t.file, { from: from.value, to: to.value })}.csv`);
    setTimeout(() => URL.revokeObjectURL(file), 60_000); // the browser may ask where to first
  }

  /** Those of this partner; they are counted again when `wanted` is another one. */
  let wanted = null;
  function draw(id, why, figures) {
    if (partner !== id) form.reset();
    partner = id;
    if (why !== wanted) queueMicrotask(count);
    wanted = why;
    if (as === figures) return;
    as = figures;
    days.replaceChildren(...(as ? [table(as)] : []));
    if (as) [from.value, to.value] = [as.days[0].day, as.days.at(-1).day];
  }

  function leave() {
    [wanted, partner] = [null, null];
    clearErrors(form);
    form.reset();
  }

  return { element: card(t.figures, form), draw, leave };
}

function table(stats) {
  const t = words.counter;
  const row = (name, counts) => h("tr", {}, h("th", { scope: "row" }, name), ...Object.keys(t.columns).map((column) => h("td", {}, number(counts[column]))));
  const head = h("tr", {}, h("th", { scope: "col" }, t.day), ...Object.values(t.columns).map((name) => h("th", { scope: "col" }, name)));
  return h(
    "table", { class: "figures" }, h("caption", { class: "unseen" }, t.figures), h("thead", {}, head),
    h("tbody", {}, ...lively(stats).map((day) => row(named(day.day), day))), h("tfoot", {}, row(t.total, stats.total)),
  );
}

function number(count) {
  return new Intl.NumberFormat(words.lang).format(count);
}

function named(day) {
  return new Intl.DateTimeFormat(words.lang, { day: "numeric", month: "short", timeZone: "UTC" }).format(Date.parse(day));
}
