"use strict";
// The chart of the start page. Without it the page shows the same as an image.

document.addEventListener("DOMContentLoaded", async () => {
  const place = document.getElementById("growth");
  const { releases, series } = await kscan.load("growth");
  const style = getComputedStyle(document.documentElement);
  const color = number => style.getPropertyValue(`--series-${number + 1}`).trim();
  const ink = style.getPropertyValue("--quiet").trim();
  const axis = { stroke: ink, grid: { stroke: style.getPropertyValue("--line").trim(), width: 1 } };
  const chart = new uPlot({
    width: place.clientWidth,
    height: 320,
    scales: { x: { time: false } },
    cursor: { points: { size: 5 } },
    axes: [
      { ...axis, values: (plot, ticks) => ticks.map(tick => releases[tick] ?? "") },
      { ...axis, size: 40 },
    ],
    series: [
      { label: "release", value: (plot, number) => releases[number] ?? "" },
      ...series.map(({ label }, number) => ({
        label, stroke: color(number), width: 2, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }),
      })),
    ],
  }, [releases.map((_, number) => number), ...series.map(({ counts }) => counts)], place);
  place.querySelector("img").hidden = true;
  // The legend below the drawing is read as what it is.
  const drawing = chart.root.querySelector(".u-wrap");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", place.dataset.about);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 320 })).observe(place);
});
