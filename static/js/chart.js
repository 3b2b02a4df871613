// Draws a table as bars: [data-chart="table-id"]. The table stays: it is what is read aloud (UX-77).
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = (place) => {
    const rows = [...document.getElementById(place.dataset.chart).tBodies[0].rows].slice(0, 10).reverse();
    const words = rows.map((row) => row.cells[0].textContent.trim());
    place.classList.add("board--on");
    place.dataset.rows = rows.length;
    place.setAttribute("aria-hidden", "true");
    const chart = window.echarts.getInstanceByDom(place) || window.echarts.init(place, null, { renderer: "canvas", height: 28 * rows.length + 16 });
    chart.setOption({
      animation: false,
      grid: { left: 8, right: 48, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: "value", show: false },
      yAxis: { type: "category", data: words, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: style("--k-ink-2"), width: 110, overflow: "truncate" } },
      series: [{ type: "bar", barMaxWidth: 14, data: rows.map((row) => Number(row.cells[1].textContent)), itemStyle: { color: style("--k-accent-fill") }, label: { show: true, position: "right", color: style("--k-ink-2") } }],
    });
  };
  const all = () => window.echarts && document.querySelectorAll("[data-chart]").forEach(draw);
  all();
  window.addEventListener("resize", () => document.querySelectorAll("[data-chart]").forEach((place) => window.echarts?.getInstanceByDom(place)?.resize()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
