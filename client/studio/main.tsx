// Starts the studio: the store, the library, the page, and the service worker behind it.
import { render } from 'preact';
import { openOwnModels } from '../index.ts';
import { AccountContext } from './account/account-context.ts';
import { createAccountKeeper } from './account/account-keeper.ts';
import { App } from './app.tsx';
import { StudioContext } from './components/studio-context.ts';
import './css/tokens.css';
import './css/base.css';
import './css/controls.css';
import './css/layout.css';
import './css/sheet.css';
import './css/styles.css';
import './css/dialogs.css';
import './css/start.css';
import './css/models.css';
import './css/account.css';
import { registerServiceWorker } from './offline.ts';
import { keepDraft, readDraft } from './state/draft.ts';
import { failureOf } from './state/failure.ts';
import { openLibrary } from './state/library.ts';
import { linkedEmbeddings, linkedStyles, sayLinked, takeLinked } from './state/linked-styles.ts';
import { createModelShelf } from './state/model-shelf.ts';
import { createStore } from './state/store.ts';
import { FIRST_STATE, reduce } from './state/studio.ts';
import { createActions } from './state/studio-actions.ts';

const store = createStore(reduce, { ...FIRST_STATE, online: navigator.onLine });
const ownModels = openOwnModels();
const tincture = openLibrary(location.origin, ownModels);
const shelf = createModelShelf(store, ownModels);
const saveData = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
const actions = createActions(store, tincture, saveData, (file) => {
  location.hash = '#models';
  void shelf.bring([{ path: file.name, file }]);
  store.dispatch({
    kind: 'notice',
    notices: [
      `${file.name} is a whole model, not a style: it is added here, as a copy in this browser. To read it from where it lies ` +
        'instead, stop and use “Choose files …”.',
    ],
  });
});

for (const kind of ['online', 'offline'] as const) {
  addEventListener(kind, () => store.dispatch({ kind: 'online', online: kind === 'online' }));
}
// Nothing may fail in the console only.
addEventListener('unhandledrejection', ({ reason }) => {
  store.dispatch({ kind: 'fail', failure: failureOf('Something in the studio', reason) });
});
addEventListener('error', ({ error }) => {
  if (error !== undefined && error !== null) {
    store.dispatch({ kind: 'fail', failure: failureOf('Something in the studio', error) });
  }
});

readDraft(store);
keepDraft(store);
render(
  <StudioContext.Provider value={{ store, actions, tincture, shelf }}>
    <AccountContext.Provider value={createAccountKeeper(location.origin)}>
      <App />
    </AccountContext.Provider>
  </StudioContext.Provider>,
  document.getElementById('studio')!,
);
await registerServiceWorker(store);
await Promise.all([
  actions.open(),
  actions.reopen(),
  takeLinked(linkedStyles(location.search), store, actions),
  sayLinked(linkedEmbeddings(location.search), store, actions),
]);
// Behind the site's list, so that its first model stays the one that is proposed.
await actions.attempt('Reading your models', shelf.open);
