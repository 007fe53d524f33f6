"use strict";
// What changed between two releases, of user space's names: diff.html#v4.3..v5.6. What a pair of spans differs
// in, and what of it can break a program, was decided by kscan.diff; here it is only looked up.

document.addEventListener("DOMContentLoaded", async () => {
  const releases = JSON.parse(document.documentElement.dataset.releases);
  const [from, to] = [document.getElementById("from"), document.getElementById("to")];
  const status = document.getElementById("status");
  const { texts, lines, names } = await kscan.load("diff");
  const element = document.querySelector("table.diff");
  const table = kscan.table(element, {
    data: [],
    paging: true,
    pageLength: 100,
    deferRender: true,
    // Text that looks like a tag is text to the filters too.
    columns: [
      { data: "name", type: "string", render: (name, type) => (type === "display" ? kscan.nameLink(name) : name) },
      { data: "change" },
      ...["old", "new", "header"].map(data => ({
        data, type: "string", render: (text, type) => (type === "display" ? kscan.code(text) : text),
      })),
      { data: "breaking" },
    ],
  });

  const nothing = 0;
  // What an address asks for and the report does not have.
  let unasked = [];

  // The number of the span that a release lies in; -1 for none.
  const spanAt = (spans, number) => spans.findIndex(([first, last]) => first <= number && number <= last);

  function compare(old, now) {
    const rows = [];
    let unknown = 0;
    // Whether it is not known of a line of states at either release.
    const unsure = lines.map(text => [old, now].map(number => "nu".includes(kscan.stateAt(text, number) || "-")));
    for (const [name, line, spans, pairs] of names) {
      const [had, has] = [spanAt(spans, old), spanAt(spans, now)];
      const row = (at, change, before, after, breaking) => rows.push({
        name, change, old: texts[before], new: texts[after], header: texts[spans[at][3]],
        breaking: breaking ? "breaking" : "",
      });
      if (had >= 0 && has >= 0) {
        for (const [change, before, after, breaking] of pairs[`${had} ${has}`] || []) {
          row(has, texts[change], before, after, breaking);
        }
      } else if (had >= 0 || has >= 0) {
        if (unsure[line][had >= 0 ? 1 : 0]) unknown += 1;
        else if (had >= 0) row(had, "removed", spans[had][2], nothing, spans[had][4]);
        else row(has, "added", nothing, spans[has][2], false);
      }
    }
    return { rows, unknown };
  }

  function show() {
    const [old, now] = [from, to].map(select => releases.indexOf(select.value));
    const { rows, unknown } = compare(old, now);
    table.clear().rows.add(rows).draw();
    const breaking = rows.filter(row => row.breaking).length;
    const count = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;
    const missing = unknown ? `; ${count(unknown, "name")} left out, for files that may have it were not read in both` : "";
    const said = `${count(rows.length, "change")}, ${breaking} of them can break a program${missing}`;
    status.textContent = unasked.length ? `${unasked.join(", ")}: not in this report. ${said}` : said;
    document.title = `${from.value} to ${to.value}: kscan`;
  }

  function chosen() {
    unasked = [];
    history.replaceState(null, "", `#${from.value}..${to.value}`);
    show();
  }

  function follow() {
    const [old, now] = kscan.asked().split("..");
    unasked = [old, now].filter(tag => tag && !releases.includes(tag));
    if (releases.includes(old)) from.value = old;
    if (releases.includes(now)) to.value = now;
    show();
  }

  from.addEventListener("change", chosen);
  to.addEventListener("change", chosen);
  window.addEventListener("hashchange", follow);
  follow();
});
