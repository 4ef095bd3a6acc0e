/// <reference types="vite/client" />
import DefaultTheme from 'vitepress/theme-without-fonts';
import './readable.css';

/** VitePress' own looks, with what some people could not read or reach of them put right. */
export default DefaultTheme;
