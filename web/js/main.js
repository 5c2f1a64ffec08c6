// @ts-check
/* Every page loads this one. Each element stands in its own file; without script all of them still say what they say. */
import "./live-page.js";
import "./board-order.js";
import "./chart-readout.js";
import "./chart-zoom.js";
import "./command-palette.js";
import "./copy-button.js";
import "./first-data-point.js";
import "./local-time.js";
import "./menu.js";
import "./metric-names.js";
import "./overview-search.js";
import "./select-rows.js";
import "./switcher.js";
import "./zone.js";
