/** The demo page: click what you know, and see what comes next and why. */
import { render } from 'preact';
import { App } from './ui/app.tsx';
import { start } from './visit.ts';

const root = document.getElementById('page')!;
start((visit) => render(<App visit={visit} />, root));
