// Charts: draws what `data-chart` of a canvas says, in the colours of the page and the numbers of its reader.
// Meanings differ by pattern as well as by colour: late is hatched, in doubt is dotted, settled is framed.
(() => {
  const locale = document.documentElement.dataset.locale || "en-GB";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const forced = matchMedia("(forced-colors: active)");
  const narrow = matchMedia("(max-width: 40rem)");

  function token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  const colours = { plain: "bar", late: "bar-late", settled: "bar-settled", doubt: "bar-doubt" };

  // A small tile of the pattern, drawn in the pixels of the screen so that its lines stay sharp.
  function pattern(context, meaning, isSecond) {
    const colour = token(colours[meaning] || "bar");
    if (meaning === "plain" && !isSecond) return colour;
    const scale = Math.max(1, Math.round(devicePixelRatio));
    const size = 6;
    const tile = Object.assign(document.createElement("canvas"), { width: size * scale, height: size * scale });
    const drawing = tile.getContext("2d");
    drawing.scale(scale, scale);
    drawing.globalAlpha = meaning === "settled" ? 0.55 : 0.3;
    drawing.fillStyle = colour;
    drawing.fillRect(0, 0, size, size);
    drawing.globalAlpha = 1;
    drawing.strokeStyle = colour;
    if (meaning === "late") {
      drawing.lineWidth = 1.75;
      for (const shift of [-size, 0, size]) {
        drawing.moveTo(shift - 1, size + 1);
        drawing.lineTo(shift + size + 1, -1);
      }
      drawing.stroke();
    } else if (meaning === "doubt") {
      drawing.beginPath();
      drawing.arc(size / 2, size / 2, 1.25, 0, 2 * Math.PI);
      drawing.fill();
    } else if (meaning === "plain") {
      drawing.lineWidth = 1;
      drawing.moveTo(0, size / 2);
      drawing.lineTo(size, size / 2);
      drawing.stroke();
    }
    const filling = context.createPattern(tile, "repeat");
    filling.setTransform(new DOMMatrix().scale(1 / scale));
    return filling;
  }

  function numbers(chart) {
    const options = { numberingSystem: "latn" };
    const exact = chart.counts ? {} : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    return {
      exact: new Intl.NumberFormat(locale, { ...options, ...exact }),
      short: new Intl.NumberFormat(locale, { ...options, notation: "compact", maximumFractionDigits: 1 }),
    };
  }

  function dataset(context, chart, series, at) {
    const meanings = Array.isArray(series.meaning) ? series.meaning : chart.labels.map(() => series.meaning || "plain");
    const before = chart.series.slice(0, at).filter((one) => (one.meaning || "plain") === meanings[0]).length;
    const edges = meanings.map((meaning) => token(colours[meaning] || "bar"));
    const fillings = {};
    for (const meaning of new Set(meanings)) fillings[meaning] = pattern(context, meaning, before > 0);
    const data = chart.counts ? series.cents : series.cents.map((cents) => cents / 100);
    if (chart.type === "line") {
      return {
        label: series.name,
        data,
        borderColor: edges[0],
        backgroundColor: edges[0],
        borderWidth: 2,
        borderDash: before || meanings[0] === "late" ? [5, 3] : [],
        pointRadius: data.length > 24 ? 0 : 2.5,
        pointStyle: { plain: "circle", late: "rect", settled: "triangle", doubt: "rectRot" }[meanings[0]],
      };
    }
    return {
      label: series.name,
      data,
      backgroundColor: meanings.map((meaning) => fillings[meaning]),
      borderColor: edges,
      borderWidth: 1,
      borderSkipped: chart.stacked ? false : "start",
      maxBarThickness: chart.horizontal ? 18 : 40,
      categoryPercentage: 0.72,
      barPercentage: 0.94,
    };
  }

  function shortened(text) {
    const longest = narrow.matches ? 16 : 28;
    return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  }

  // The words of a name in lines, where a few names stand beside each other with little room.
  function inLines(text) {
    const lines = [];
    for (const word of text.split(" ")) {
      const last = lines.at(-1);
      if (last && last.length + word.length < 9) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines.slice(0, 3);
  }

  function axes(chart, number) {
    const isDrawn = chart.series.some((series) => series.cents.some((cents) => cents !== 0));
    const areFew = !chart.horizontal && chart.labels.length <= 6;
    const names = {
      stacked: chart.stacked,
      grid: { display: false },
      border: { display: false },
      ticks: {
        color: token("ink-faint"),
        autoSkip: !chart.horizontal && !areFew,
        maxRotation: 0,
        callback(_, at) {
          const isTight = areFew && this.chart.width / chart.labels.length < 95;
          return isTight ? inLines(chart.labels[at]) : shortened(chart.labels[at]);
        },
      },
    };
    const amounts = {
      stacked: chart.stacked,
      beginAtZero: true,
      grid: { color: ({ tick }) => token(tick.value === 0 ? "rule-strong" : "rule"), tickLength: 0 },
      border: { display: false },
      ticks: {
        color: token("ink-faint"),
        padding: 6,
        maxTicksLimit: narrow.matches ? 4 : 6,
        precision: chart.counts ? 0 : undefined,
        callback: (value) => (value === 0 || isDrawn ? number.short.format(value) : ""),
      },
    };
    return chart.horizontal ? { x: amounts, y: names } : { x: names, y: amounts };
  }

  function configuration(canvas) {
    const chart = JSON.parse(canvas.dataset.chart);
    const context = canvas.getContext("2d");
    const number = numbers(chart);
    const isLine = chart.type === "line";
    const unit = chart.currency ? ` ${chart.currency}` : "";
    const follow = (_, hit) => hit.length && chart.hrefs[hit[0].index] && location.assign(chart.hrefs[hit[0].index]);
    return {
      type: chart.type,
      data: { labels: chart.labels, datasets: chart.series.map((series, at) => dataset(context, chart, series, at)) },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        indexAxis: chart.horizontal ? "y" : "x",
        interaction: { mode: "index", axis: chart.horizontal ? "y" : "x", intersect: false },
        scales: axes(chart, number),
        onClick: follow,
        onHover: (event, hit) => {
          canvas.style.cursor = hit.length && chart.hrefs[hit[0].index] ? "pointer" : "default";
        },
        plugins: {
          legend: {
            display: chart.series.length > 1,
            align: "start",
            onClick: null,
            labels: { color: token("ink"), boxWidth: 14, boxHeight: isLine ? 6 : 10, padding: 12, usePointStyle: isLine },
          },
          tooltip: {
            animation: false,
            backgroundColor: token("paper"),
            borderColor: token("rule-strong"),
            borderWidth: 1,
            cornerRadius: 3,
            titleColor: token("ink"),
            bodyColor: token("ink"),
            titleFont: { weight: 600 },
            boxWidth: 10,
            boxHeight: 10,
            boxPadding: 4,
            callbacks: {
              label: (item) => `${item.dataset.label}: ${number.exact.format(item.raw)}${unit}`,
            },
          },
        },
      },
    };
  }

  function draw(canvas) {
    const frame = canvas.parentElement;
    const table = canvas.closest("figure").querySelector("details");
    Chart.getChart(canvas)?.destroy();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    if (frame.hidden) {
      frame.hidden = false;
      table.open = false;
    }
    const { labels, horizontal } = JSON.parse(canvas.dataset.chart);
    if (horizontal) frame.style.height = `${labels.length * 26 + 74}px`; // the rows, the legend above and the axis below them
    new Chart(canvas, configuration(canvas));
  }

  function drawAll(root) {
    root.querySelectorAll("canvas[data-chart]").forEach(draw);
  }

  const redraw = () => drawAll(document);
  [dark, forced, narrow].forEach((query) => query.addEventListener("change", redraw));
  document.fonts.ready.then(redraw);
  document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target));
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    if (event.target.matches?.("canvas[data-chart]")) Chart.getChart(event.target)?.destroy();
  });
  // Paper shows the tables instead, as they can be read on it.
  addEventListener("beforeprint", () => {
    document.querySelectorAll(".chart__table:not([open])").forEach((table) => {
      table.open = true;
      table.dataset.wasClosed = "";
    });
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll(".chart__table[data-was-closed]").forEach((table) => {
      table.open = false;
      delete table.dataset.wasClosed;
    });
  });
})();
