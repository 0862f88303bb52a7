import './look.css';
import './parts/parts.css';
import './screens/screens.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { followLinks } from './route.ts';

followLinks();
const root = document.getElementById('app')!;
root.replaceChildren(); // what the page showed until now
render(<App />, root);
