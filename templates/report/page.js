'use strict';
// Shows the JSON of this page. Every text of it becomes a text node or an attribute without meaning to the browser:
// nothing is ever parsed as HTML, and no address is made of it but those of this page's own parts.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const MOST_LINES = 1500; // of one body, before the reader asks for the rest
  const MOST_PRINTED = 300;
  const MOST_KEPT = 10000; // exchanges of a live page
  const element = (id) => document.getElementById(id);

  function h(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') made.addEventListener(name, value);
      else if (value === true) made.setAttribute(name, '');
      else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value);
    }
    made.append(...children.flat(3).filter((each) => each !== null && each !== undefined && each !== false));
    return made;
  }
  const counted = (count, noun) => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
  const joined = (parts) => parts.filter(Boolean).join(' · ');

  // Places, spelt as the journal and the findings spell them: response.$.items[0]['a name']

  const spelt = (name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `.${name}` : `['${name.replaceAll("'", "''")}']`);
  const below = (place, step) => (typeof step === 'number' ? `${place}[${step}]` : place + spelt(step));
  const STEP = /\.\*|\[\*\]|\.([^\s.[\]'"*]+)|\[(\d+)\]|\[(?:'((?:[^']|'')*)'|"([^"]*)")\]/gy;

  function stepsOf(path) {
    const steps = [];
    STEP.lastIndex = 1;
    while (STEP.lastIndex < path.length) {
      const found = STEP.exec(path);
      if (found === null) return null;
      if (found[1] !== undefined) steps.push(found[1]);
      else if (found[2] !== undefined) steps.push(Number(found[2]));
      else if (found[3] !== undefined) steps.push(found[3].replaceAll("''", "'"));
      else steps.push(found[4] === undefined ? null : found[4]); // null is every member
    }
    return steps;
  }

  /** What is known about the places of one interaction or exchange; each mark is shown once, at its place or after all. */
  class Marks {
    constructor() { this.all = []; }

    add(kind, text, places) {
      for (const place of places || []) {
        const [, side, path] = /^(request|response)\.(\$.*)$/s.exec(place) || [];
        this.all.push({ kind, text, place, side, steps: path === undefined ? null : stepsOf(path), shown: false });
      }
    }

    at(...places) { return this.taken((each) => places.includes(each.place)); }

    inBody(side, steps) {
      return this.taken((each) => each.steps !== null && each.side === side && each.steps.length === steps.length
        && each.steps.every((step, index) => step === null || step === steps[index]));
    }

    rest(side) { return this.taken((each) => !each.shown && each.place.startsWith(side)); }

    taken(fits) {
      const found = this.all.filter(fits);
      for (const each of found) each.shown = true;
      return found;
    }
  }
  const pills = (marks) => marks.map((each) => [' ', h('span', { class: `mark ${each.kind}`, title: each.place }, each.text)]);

  // Values

  function jsonBlock(value, side, marks) {
    const lines = [];
    const push = (depth, parts, found) => lines.push([depth, parts, found]);
    const walk = (each, key, steps, comma) => {
      const depth = steps.length;
      const name = key === null ? [] : [h('span', { class: 'k' }, JSON.stringify(key)), ': '];
      const found = marks.inBody(side, steps);
      const isArray = Array.isArray(each);
      const members = each !== null && typeof each === 'object' ? Object.entries(each) : [];
      if (members.length === 0) {
        const text = JSON.stringify(each);
        push(depth, [...name, typeof each === 'string' ? h('span', { class: 's' }, text) : text, comma], found);
        return;
      }
      push(depth, [...name, isArray ? '[' : '{'], found);
      members.forEach(([inner, member], index) => walk(
        member, isArray ? null : inner, [...steps, isArray ? index : inner], index < members.length - 1 ? ',' : ''));
      push(depth, [(isArray ? ']' : '}') + comma], []);
    };
    walk(value, null, [], '');
    const shown = ([depth, parts, found]) => h('span', { class: `l d${Math.min(depth, 10)}` }, parts, pills(found));
    const block = h('pre', {}, lines.slice(0, MOST_LINES).map(shown));
    if (lines.length <= MOST_LINES) return block;
    const button = h('button', { class: 'act', type: 'button', click: () => {
      block.append(...lines.slice(MOST_LINES).map(shown));
      button.remove();
    } }, `Show all ${counted(lines.length, 'line')}`);
    return h('div', {}, block, button);
  }

  function bodyBlock(body, side, marks, contentType) {
    if (typeof body !== 'string' || /json/i.test(contentType)) return jsonBlock(body, side, marks);
    return h('pre', {}, body, pills(marks.at(`${side}.$`, `${side}.body`, `${side}.parts`)));
  }

  function headerTable(headers, side, marks) {
    const rows = headers.map(([name, value]) => h('tr', {},
      h('th', { scope: 'row' }, name), h('td', {}, value, pills(marks.at(`${side}.headers.${name.toLowerCase()}`)))));
    return rows.length > 0 && h('div', {}, h('table', {}, h('tbody', {}, rows)));
  }

  function restOf(side, marks) {
    const rest = marks.rest(side);
    return rest.length > 0 && h('div', {}, h('table', {}, h('tbody', {},
      rest.map((each) => h('tr', {}, h('th', { scope: 'row' }, each.place.slice(side.length + 1)), h('td', {}, pills([each])))))));
  }

  function messageBlock(side, firstLine, headers, body, marks) {
    return h('section', { class: 'message', 'aria-label': side },
      h('h3', {}, side === 'request' ? 'Request' : 'Response'),
      h('p', { class: 'line' }, firstLine),
      headerTable(headers, side, marks),
      body && h('div', {}, body),
      restOf(side, marks));
  }

  function facts(pairs) {
    const known = pairs.filter(([, value]) => value && (!Array.isArray(value) || value.length > 0));
    return known.length > 0 && h('dl', { class: 'facts' }, known.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
  }

  const bulleted = (values) => values.length > 0 && h('ul', {}, values.map((each) => h('li', {}, each)));
  const severity = { error: 'bad', warning: 'doubt' };

  // The contract

  const interactions = data.pacts.flatMap((pact) => [
    ...pact.interactions.map((each) => ({ pact, each, key: `${pact.file}/${each.id}`, change: each.change })),
    ...pact.removed.map((each) => ({ pact, each, key: `${pact.file}/-${each.id}`, change: each.change, gone: true })),
  ]);
  const byIndex = new Map(interactions.filter((item) => !item.gone).map((item) => [`${item.pact.file}/${item.each.index}`, item]));
  data.findings.forEach((finding, number) => {
    finding.number = number;
    finding.item = byIndex.get(`${finding.pact}/${finding.interaction}`);
    if (finding.item) (finding.item.findings ||= []).push(finding);
  });
  const target = (each) => {
    const query = Object.entries(each.query).flatMap(([name, values]) => values.map((value) => `${name}=${value}`)).join('&');
    return query ? `${each.path}?${query}` : each.path;
  };
  const given = (each) => each.states.map((state) => state.name).join(' and ');
  const worst = (item) => (item.findings || []).reduce((found, each) => (each.type === 'error' ? 'error' : found || 'warning'), null);

  function interactionTag(item) {
    const found = worst(item);
    if (found) return { text: counted(item.findings.length, found === 'error' ? 'problem' : 'remark'), kind: severity[found] };
    return item.change ? { text: item.gone ? 'removed' : item.change.kind, kind: item.gone ? 'bad' : '' } : null;
  }

  function interactionDetail(item) {
    const { each, pact } = item;
    const marks = new Marks();
    for (const [place, text] of each.rules) marks.add('rule', text, [place]);
    marks.add('pinned', 'pinned', each.pinned);
    marks.add('masked', 'masked', each.masked);
    for (const finding of item.findings || []) {
      const place = finding.place && finding.place.replace(/^(request|response)\.body/, '$1.$');
      if (place && /^(request|response)\.(\$|headers\.|query)/.test(place)) marks.add(severity[finding.type], finding.code, [place]);
    }
    const contentType = (side) => ((each[side].headers['content-type'] || [''])[0]);
    const headers = (side) => Object.entries(each[side].headers).map(([name, values]) => [name, values.join(', ')]);
    const query = Object.keys(each.query).flatMap((name) => marks.at(`request.query.${name}`, below('request.query', name)));
    const body = (side) => 'body' in each[side] && bodyBlock(each[side].body, side, marks, contentType(side));
    const first = [h('b', {}, each.method), ' ', target(each), pills([...marks.at('request.path'), ...query])];
    const status = [h('b', {}, String(each.status)), pills(marks.at('response.status'))];
    const blocks = [['request', first], ['response', status]].map(([side, line]) => messageBlock(side, line, headers(side), body(side), marks));
    const handlers = (each.handlers || []).map((place) => link('handlers', place, place));
    return h('article', {},
      h('h2', {}, each.description),
      h('p', { class: 'lead' }, joined([`${pact.consumer} and ${pact.provider}`, pact.file])),
      facts([
        ['Given', bulleted(each.states.map((state) => (Object.keys(state.params).length ? [state.name, ' ', h('code', {}, JSON.stringify(state.params))] : state.name)))],
        ['Handlers', bulleted(handlers)],
        ['Tests', bulleted(each.tests || [])],
      ]),
      findingNotes(item.findings || [], true),
      item.change && changeBlock(item, pact),
      h('div', { class: 'pair' }, blocks));
  }

  const EFFECTS = { asked: 'the provider is asked something else', stricter: 'the provider could notice', looser: 'looser than before', none: 'the provider cannot notice' };

  function expectation(each) {
    if (each === null) return '–';
    const rules = each.rules.map((rule) => Object.entries(rule).map(([name, value]) => (name === 'match' ? value : `${name} ${value}`)).join(', '));
    return [h('code', {}, JSON.stringify(each.example)), pills(rules.map((text) => ({ kind: 'rule', text, place: '' })))];
  }

  function changeBlock(item, pact) {
    const words = { added: 'Added', changed: 'Changed', removed: 'Removed' };
    const title = h('h3', {}, `${words[item.change.kind]} since ${pact.against}`);
    if (item.change.fields.length === 0) return title;
    return [title, h('div', { class: 'wide' }, h('table', {},
      h('thead', {}, h('tr', {}, ['Place', 'Before', 'Now', 'Effect'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, item.change.fields.map((field) => h('tr', {},
        h('td', { class: 'mono' }, field.place), h('td', {}, expectation(field.before)), h('td', {}, expectation(field.after)),
        h('td', { class: field.effect === 'asked' || field.effect === 'stricter' ? 'doubt' : '' }, EFFECTS[field.effect]))))))];
  }

  function overview() {
    const coverage = new Map(data.coverage.map((each) => [each.provider, each]));
    const rows = data.pacts.map((pact) => {
      const changes = [...pact.interactions, ...pact.removed].filter((each) => each.change);
      const kinds = ['added', 'changed', 'removed'].map((kind) => [kind, changes.filter((each) => each.change.kind === kind).length]).filter(([, count]) => count);
      const since = pact.against === null ? 'nothing to compare with' : joined(kinds.map(([kind, count]) => `${count} ${kind}`)) || 'no change';
      const known = coverage.get(pact.provider);
      return h('tr', {},
        h('th', { scope: 'row' }, pact.consumer), h('td', {}, pact.provider), h('td', {}, String(pact.interactions.length)),
        h('td', {}, since, pact.noticeable && h('div', { class: 'doubt' }, 'the provider could notice')),
        h('td', {}, known ? `${Math.floor(known.percent)}%` : data.without_document.includes(pact.provider) ? 'no document' : '–'));
    });
    const against = [...new Set(data.pacts.map((pact) => pact.against).filter((each) => each !== null))].join(', ');
    const titles = ['Consumer', 'Provider', 'Interactions', against ? `Since ${against}` : 'Change', 'Document used'];
    return h('article', {}, h('h2', {}, 'The contract'),
      h('p', { class: 'lead hint' }, 'Choose an interaction to see its request and response, what made it, and what was found about it.'),
      h('h3', {}, 'Consumers and providers'),
      h('div', { class: 'wide' }, h('table', {}, h('thead', {}, h('tr', {}, titles.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, rows))));
  }

  // Misses and traffic

  const exchanges = [];
  const misses = new Map();
  const parsed = (body) => {
    try { return JSON.parse(body.text); } catch { return undefined; }
  };

  function addExchange(line) {
    const number = exchanges.length ? exchanges[exchanges.length - 1].number + 1 : 0;
    exchanges.push({ line, number });
    return number;
  }

  function addMiss(line, number) {
    const problem = (line.response && line.response.body && parsed(line.response.body)) || {};
    const name = `${line.request.method} ${line.request.url}`;
    const key = `${line.outcome} ${name} ${problem.paste || problem.detail || ''}`;
    const known = misses.get(key);
    if (known) {
      known.count += line.count || 1;
      if (line.test && !known.tests.includes(line.test)) known.tests.push(line.test);
    } else misses.set(key, { line, problem, name, number, count: line.count || 1, tests: line.test ? [line.test] : [] });
  }

  const isMissed = (line) => line.outcome === 'unhandled' || line.outcome === 'failed';
  data.missed.forEach(([number, line]) => addMiss(line, number));

  // The exchanges are most of the page: they are read when somebody asks for them.
  function traffic() {
    if (exchanges.length < data.exchanges) JSON.parse(element('traffic').textContent).forEach(addExchange);
    return data.live ? exchanges.toReversed() : exchanges;
  }

  const OUTCOMES = { mocked: '', called: '', passed: '', unhandled: 'bad', failed: 'bad' };

  function recordedBody(body, side, marks, contentType) {
    if (!body) return null;
    if (body.size !== undefined) return h('p', { class: 'lead' }, `${body.size.toLocaleString('en')} bytes, sha256 ${body.sha256}`);
    const cut = body.cut && h('p', { class: 'lead' }, `The first ${(body.text || body.base64).length.toLocaleString('en')} of ${body.cut.toLocaleString('en')} characters.`);
    const value = /json/i.test(contentType) && !body.cut ? parsed(body) : undefined;
    const block = value === undefined ? h('pre', {}, body.text === undefined ? `base64 ${body.base64}` : body.text) : jsonBlock(value, side, marks);
    return h('div', {}, block, cut);
  }

  function exchangePair(line) {
    const marks = new Marks();
    marks.add('pinned', 'generated', line.made);
    marks.add('masked', 'masked', line.masked);
    for (const side of ['request', 'response']) {
      for (const [place, rule] of Object.entries((line.rules || {})[side] || {})) {
        const text = typeof rule === 'string' ? rule : Object.entries(rule).map(([name, value]) => `${name} ${value}`).join(', ');
        marks.add('rule', text, [place.startsWith('header.') ? `${side}.headers.${place.slice(7)}` : `${side}.${place}`]);
      }
    }
    const contentType = (message) => (message.headers.find(([name]) => name === 'content-type') || ['', ''])[1];
    const { request, response } = line;
    const first = [h('b', {}, request.method), ' ', request.url, pills(marks.at('request.path'))];
    const body = (side, message) => recordedBody(message.body, side, marks, contentType(message));
    return h('div', { class: 'pair' },
      messageBlock('request', first, request.headers, body('request', request), marks),
      response
        ? messageBlock('response', [h('b', {}, String(response.status)), pills(marks.at('response.status'))], response.headers, body('response', response), marks)
        : h('section', { class: 'message', 'aria-label': 'response' }, h('h3', {}, 'Response'), h('p', { class: 'line' }, 'none')));
  }

  const statesOf = (line) => (line.states || []).map((state) => state.name);
  const about = (line) => facts([
    ['Handler', line.handler && link('handlers', line.handler, line.handler)],
    ['Given', bulleted(statesOf(line))],
    ['Test', line.test],
    ['Worker', line.scope],
    ['When', line.at && `${line.at}, answered in ${line.ms} ms${line.count > 1 ? `; ${counted(line.count, 'time')}` : ''}`],
  ]);

  function exchangeDetail(item) {
    const { line } = item;
    return h('article', {},
      h('h2', {}, line.name || `${line.request.method} ${line.request.path || line.request.url}`),
      h('p', { class: `lead ${OUTCOMES[line.outcome]}` }, joined([line.outcome, line.provider])),
      about(line), exchangePair(line));
  }

  function copyButton(text) {
    const button = h('button', { class: 'act copy', type: 'button', click: async () => {
      try { await navigator.clipboard.writeText(text); } catch {
        const area = h('textarea', { class: 'unseen', 'aria-hidden': 'true' });
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand('copy');
        area.remove();
        button.focus();
      }
      button.textContent = 'Copied';
      element('said').textContent = 'The handler is copied.';
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    } }, 'Copy');
    return button;
  }

  function missDetail(item) {
    const { line, problem } = item;
    const near = (problem.nearest || []).map((each) => [
      h('h3', {}, `Near: ${each.name || each.handler}`),
      each.name && h('p', { class: 'lead' }, link('handlers', each.handler, each.handler)),
      h('div', { class: 'wide' }, h('table', { class: 'even' },
        h('thead', {}, h('tr', {}, ['What differs', 'Expected', 'Got'].map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, each.differs.map((one) => h('tr', {}, ['part', 'expected', 'got'].map((name) => h('td', { class: 'mono' }, String(one[name])))))))),
    ]);
    return h('article', {},
      h('h2', {}, item.name),
      h('p', { class: 'lead bad' }, line.outcome === 'failed' ? 'Its handler failed' : 'No handler answers this request', item.count > 1 && `, ${counted(item.count, 'time')}`),
      facts([['Handler', line.handler && link('handlers', line.handler, line.handler)], ['Tests', bulleted(item.tests)], ['When', line.at]]),
      line.outcome === 'failed' && problem.detail && h('pre', { class: 'paste' }, problem.detail),
      problem.paste && [h('div', { class: 'with-button' }, h('h3', {}, 'A handler to paste'), copyButton(problem.paste)), h('pre', { class: 'paste' }, problem.paste)],
      near, exchangePair(line));
  }

  // Handlers, findings, coverage, clients

  let run = data.run;
  const handlerItems = () => Object.entries(run.handlers || {}).map(([place, hits]) => ({ place, hits }));

  function handlerDetail({ place, hits }) {
    const of = interactions.filter((item) => (item.each.handlers || []).includes(place));
    const unowned = (run.unowned || {})[place];
    return h('article', {}, h('h2', { class: 'mono' }, place),
      h('p', { class: `lead ${hits ? '' : 'doubt'}` }, hits ? `answered ${counted(hits, 'request')}` : 'never used: no test asks for it, or another handler answers first'),
      unowned && h('p', { class: 'doubt' }, 'It answered for a URL of no provider: these exchanges are in no pact.'),
      of.length > 0 && [h('h3', {}, 'Its interactions'), h('ul', {}, of.map((item) => h('li', {}, link('contract', item.key, item.each.description))))]);
  }

  const findingPlaces = (each) => joined([each.handler, each.pact, each.place, each.document_place]);

  function findingNotes(findings, brief) {
    return findings.length > 0 && h('ul', { class: 'notes' }, findings.map((each) => h('li', { class: severity[each.type] },
      h('p', {}, each.message),
      h('p', {}, h('code', {}, each.code), ' · ', joined([each.by, brief ? joined([each.place, each.document_place]) : findingPlaces(each)])))));
  }

  const findingDetail = (each) => h('article', {},
    h('h2', {}, each.message),
    h('p', { class: `lead ${severity[each.type]}` }, `${each.type}, by interceptor ${each.by}`),
    facts([
      ['Code', h('code', {}, each.code)],
      ['Interaction', each.item && link('contract', each.item.key, each.item.each.description)],
      ['Pact', each.pact], ['Place', each.place && h('code', {}, each.place)],
      ['Document', each.document_place && h('code', {}, each.document_place)],
      ['Handler', each.handler && link('handlers', each.handler, each.handler)],
    ]));

  const coverageItems = data.coverage.flatMap((document) => document.items.map((each) => ({ ...each, provider: document.provider })));
  coverageItems.forEach((each, number) => { each.number = number; });
  const USED = { contract: ['used', 'good'], handlers: ['only in handlers', 'doubt'], nothing: ['not used', ''] };
  const coverageDetail = (each) => h('article', {}, h('h2', {}, each.name),
    h('p', { class: `lead ${USED[each.by][1]}` }, { contract: 'The contract uses it.', handlers: 'Only handlers use it: no test asks for it.', nothing: 'Neither the contract nor a handler uses it.' }[each.by]),
    facts([['Kind', each.kind], ['Provider', each.provider], ['Document', h('code', {}, each.document_place)]]));
  const coverageOverview = () => h('article', {}, h('h2', {}, "Use of the providers' documents"),
    data.coverage.map((each) => [h('h3', {}, `${each.provider}: ${Math.floor(each.percent)}%`),
      h('progress', { class: 'bar', max: 100, value: each.percent, 'aria-label': `Used of the document of ${each.provider}` }),
      h('p', { class: 'lead' }, joined(Object.keys(USED).map((by) => `${each.items.filter((item) => item.by === by).length} ${USED[by][0]}`)))]));

  const AROUND = {
    refused: ['refused our certificate', 'bad', 'Have the client trust .interceptor/mitmproxy-ca-cert.pem.'],
    silent: ['connected and asked nothing', 'doubt', 'It may not trust the certificate, need HTTP/2 (http2: true in the project file), or have connected in advance.'],
    http2: ['began with HTTP/2', 'doubt', 'http2: true in the project file offers it over TLS.'],
    elsewhere: ['is no provider, and went to the real server', '', 'If it is a provider’s, add it to that provider’s url in the project file.'],
    unanswered: ['gave no answer', 'bad', 'The real server was asked, since no handler answers here.'],
    reported: ['went to the real server', 'doubt', 'A handler would keep it here.'],
  };
  function clientItems() {
    const found = [];
    for (const [kind, [said, tone, remedy]] of Object.entries(AROUND)) {
      for (const [name, count] of Object.entries((run.clients || {})[kind] || run[kind] || {})) found.push({ name, count, said, tone, remedy, kind });
    }
    for (const [way, clients] of Object.entries((run.clients || {}).arrived || {})) {
      for (const [name, count] of Object.entries(clients)) found.push({ name, count, said: `came ${way}`, tone: way.startsWith('around') ? 'doubt' : 'good', kind: way });
    }
    return found;
  }
  const clientDetail = (each) => h('article', {}, h('h2', {}, each.name),
    h('p', { class: `lead ${each.tone}` }, `${each.said}, ${counted(each.count, 'time')}`), each.remedy && h('p', {}, h('br'), each.remedy));

  // Views: each a list with details

  const option = (value, text, fits) => ({ value, text, fits });
  const VIEWS = {
    contract: {
      name: 'Contract', items: () => interactions, key: (item) => item.key, detail: interactionDetail, overview,
      count: () => interactions.filter((item) => !item.gone).length,
      row: (item) => ({ name: item.each.description, tag: interactionTag(item), sub: joined([`${item.each.method} ${target(item.each)} → ${item.each.status}`, item.pact.provider, item.each.states.length && `given ${given(item.each)}`]) }),
      text: (item) => JSON.stringify([item.each, item.pact.consumer, item.pact.provider, item.pact.file, (item.findings || []).map((each) => [each.code, each.message])]),
      filters: () => [
        ...(data.pacts.length > 1 ? data.pacts.map((pact) => option(`pact:${pact.file}`, `${pact.consumer} and ${pact.provider}`, (item) => item.pact === pact)) : []),
        option('changed', 'Changed', (item) => Boolean(item.change)), option('findings', 'With findings', (item) => Boolean(item.findings)),
      ],
      none: data.pacts.length ? 'The pacts have no interactions.' : 'There is no pact yet: a run that succeeds writes it.',
    },
    misses: {
      name: 'Misses', items: () => [...misses.values()], key: (item) => String(item.number), detail: missDetail, tone: 'bad',
      row: (item) => ({ name: item.name, tag: item.count > 1 ? { text: `${item.count} times`, kind: '' } : null, sub: item.line.outcome === 'failed' ? item.problem.detail || 'its handler failed' : item.problem.nearest && item.problem.nearest.length ? `near ${item.problem.nearest[0].handler}` : 'no handler is near' }),
      text: (item) => JSON.stringify([item.name, item.problem, item.tests]), filters: () => [],
      none: 'Every request had a handler.',
    },
    traffic: {
      name: 'Traffic', items: traffic, count: () => (data.live ? exchanges.length : data.exchanges), key: (item) => String(item.number), detail: exchangeDetail,
      row: ({ line }) => ({ name: line.name || `${line.request.method} ${line.request.path || line.request.url}`, tag: { text: line.outcome, kind: OUTCOMES[line.outcome] }, sub: joined([`${line.request.method} ${line.request.url}`, line.response && String(line.response.status), line.test]) }),
      text: (item) => JSON.stringify(item.line),
      filters: () => Object.keys(OUTCOMES).map((outcome) => option(outcome, outcome[0].toUpperCase() + outcome.slice(1), (item) => item.line.outcome === outcome)),
      none: data.live ? 'No request yet.' : 'No recording: interceptor run makes one.',
    },
    handlers: {
      name: 'Handlers', items: handlerItems, key: (item) => item.place, detail: handlerDetail,
      row: (item) => ({ name: item.place, tag: item.hits ? null : { text: 'never used', kind: 'doubt' }, sub: item.hits ? counted(item.hits, 'request') : 'no request' }),
      text: (item) => item.place, filters: () => [option('unused', 'Never used', (item) => !item.hits)],
      none: 'Nothing is known of the handlers: the recording does not say which there were.',
    },
    findings: {
      name: 'Findings', items: () => data.findings, key: (each) => String(each.number), detail: findingDetail, tone: data.findings.some((each) => each.type === 'error') ? 'bad' : '',
      row: (each) => ({ name: each.message, tag: { text: each.type, kind: severity[each.type] }, sub: joined([each.code, findingPlaces(each)]) }),
      text: (each) => [each.message, each.code, each.by, findingPlaces(each)].join(' '),
      filters: () => ['error', 'warning'].map((type) => option(type, type === 'error' ? 'Errors' : 'Warnings', (each) => each.type === type)),
      none: 'Neither lint nor check has found anything.',
    },
    coverage: {
      name: 'Coverage', items: () => coverageItems, key: (each) => String(each.number), detail: coverageDetail, overview: coverageOverview,
      row: (each) => ({ name: each.name, tag: { text: USED[each.by][0], kind: USED[each.by][1] }, sub: joined([each.kind, each.provider]) }),
      text: (each) => [each.name, each.kind, each.provider, USED[each.by][0]].join(' '),
      filters: () => Object.entries(USED).map(([by, [text]]) => option(by, text[0].toUpperCase() + text.slice(1), (each) => each.by === by)),
      none: 'No provider has an OpenAPI document.',
    },
    clients: {
      name: 'Clients', items: clientItems, key: (each) => `${each.kind} ${each.name}`, detail: clientDetail,
      row: (each) => ({ name: each.name, tag: { text: String(each.count), kind: '' }, sub: each.said }),
      text: (each) => `${each.name} ${each.said}`, filters: () => [],
      none: 'Nothing is known of the clients of this recording.',
    },
  };
  const shownViews = Object.keys(VIEWS).filter((name) => {
    if (data.live) return ['misses', 'traffic', 'handlers', 'clients'].includes(name);
    return name !== 'coverage' || coverageItems.length > 0;
  });

  // Addresses of the parts: #contract/FILE/ID?q=WORDS&f=FILTER

  const address = (view, key, query) => `#${view}${key ? `/${encodeURIComponent(key)}` : ''}${query ? `?${query}` : ''}`;
  const link = (view, key, text) => h('a', { href: address(view, key) }, text);
  const state = { view: '', key: '', words: '', filter: '' };
  let items = [];
  let chosen = -1;
  let opened = '';
  let shownAddress = '';

  function readAddress() {
    const [, view, key, query] = /^#([a-z]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(location.hash) || [];
    const parameters = new URLSearchParams(query || '');
    let known = '';
    try { known = decodeURIComponent(key || ''); } catch { /* an address that somebody cut off */ }
    Object.assign(state, {
      view: shownViews.includes(view) ? view : data.live && misses.size === 0 ? 'traffic' : shownViews[0],
      key: known, words: parameters.get('q') || '', filter: parameters.get('f') || '',
    });
  }

  function query() {
    const parameters = new URLSearchParams();
    if (state.words) parameters.set('q', state.words);
    if (state.filter) parameters.set('f', state.filter);
    return parameters.toString();
  }

  const texts = new WeakMap();
  function textOf(view, item) {
    const known = texts.get(item);
    if (known !== undefined) return known;
    const text = view.text(item).toLowerCase();
    texts.set(item, text);
    return text;
  }

  function find() {
    const view = VIEWS[state.view];
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const filter = view.filters().find((each) => each.value === state.filter);
    items = view.items().filter((item) => (!filter || filter.fits(item)) && (words.length === 0 || words.every((word) => textOf(view, item).includes(word))));
    chosen = state.key ? items.findIndex((item) => view.key(item) === state.key) : -1;
  }

  // The list: only the rows that are in view are in the page

  const list = h('div', { id: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Results' });
  const spacer = h('div', { role: 'presentation' });
  const detail = h('div', { id: 'detail', role: 'region', tabindex: 0, 'aria-label': 'Details' });
  const rowHeight = () => 3.5 * parseFloat(getComputedStyle(document.documentElement).fontSize);

  function showRows() {
    const view = VIEWS[state.view];
    const height = rowHeight();
    spacer.style.height = `${items.length * height}px`;
    const first = Math.max(0, Math.floor(list.scrollTop / height) - 10);
    const last = Math.min(items.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + 10);
    const rows = [];
    for (let index = first; index < last; index += 1) {
      const { name, tag, sub } = view.row(items[index]);
      const row = h('div', {
        class: 'row', role: 'option', id: `row-${index}`, 'aria-selected': String(index === chosen), 'aria-posinset': index + 1, 'aria-setsize': items.length,
        click: () => choose(index),
      }, h('span', { class: 'top' }, h('span', { class: 'name' }, name), tag && h('span', { class: `tag ${tag.kind}` }, tag.text)), h('span', { class: 'sub' }, sub));
      row.style.top = `${index * height}px`;
      rows.push(row);
    }
    if (items.length === 0) {
      const total = view.items().length;
      rows.push(h('div', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'empty' }, total ? 'Nothing fits this search.' : view.none));
    }
    list.replaceChildren(spacer, ...rows);
    if (chosen >= first && chosen < last) list.setAttribute('aria-activedescendant', `row-${chosen}`);
    else list.removeAttribute('aria-activedescendant');
  }

  function showDetail() {
    const view = VIEWS[state.view];
    const item = items[chosen] || (state.key && view.items().find((each) => view.key(each) === state.key));
    opened = item ? `${state.view} ${state.key}` : '';
    element('main').classList.toggle('open', Boolean(item));
    const back = h('a', { class: 'back', href: address(state.view, '', query()) }, '← Back to the list');
    const hint = () => (items.length > 0 ? h('p', { class: 'empty' }, 'Choose an entry of the list.') : '');
    detail.replaceChildren(...(item ? [back, view.detail(item)] : [view.overview && view.items().length ? view.overview() : hint()]));
    detail.scrollTop = 0;
  }

  // At once, and not when the browser tells of the new address: the next key may come before that.
  function go(where) {
    location.hash = where;
    showAll();
  }

  function choose(index) {
    if (index < 0 || index >= items.length) return;
    go(address(state.view, VIEWS[state.view].key(items[index]), query()));
  }

  function reveal() {
    const height = rowHeight();
    if (chosen < 0) return;
    if (chosen * height < list.scrollTop) list.scrollTop = chosen * height;
    else if ((chosen + 1) * height > list.scrollTop + list.clientHeight) list.scrollTop = (chosen + 1) * height - list.clientHeight;
  }

  function showViews() {
    element('views').replaceChildren(...shownViews.map((name) => {
      const view = VIEWS[name];
      const count = view.count ? view.count() : view.items().length;
      return h('a', { href: address(name), 'aria-current': name === state.view ? 'page' : null }, view.name,
        h('span', { class: `count ${count ? view.tone || '' : ''}` }, count.toLocaleString('en')));
    }), h('button', { type: 'button', click: () => keys.showModal() }, 'Keys'));
  }

  function showFilters() {
    const filters = VIEWS[state.view].filters();
    const select = element('filter');
    select.hidden = filters.length === 0;
    select.replaceChildren(...[option('', 'All'), ...filters].map((each) => h('option', { value: each.value, selected: each.value === state.filter }, each.text)));
  }

  function showAbout() {
    const missing = (run.unhandled || 0) + (run.failed || 0);
    const numbers = [
      !data.live && `${counted(VIEWS.contract.count(), 'interaction')} with ${counted(new Set(data.pacts.map((pact) => pact.provider)).size, 'provider')}`,
      run.requests !== undefined && counted(run.requests, 'request'),
    ];
    const missed = run.requests !== undefined && h('span', { class: missing ? 'bad' : '' }, `${missing.toLocaleString('en')} missed`);
    const made = !data.live && joined([data.made && `made ${data.made.slice(0, 16).replace('T', ' ')} UTC`, `interceptor ${data.tool}`, data.left_out && `${counted(data.left_out, 'exchange')} left out`]);
    const live = data.live && [h('span', { class: `live-dot ${over ? 'over' : ''}` }), over ? 'The run is over' : 'Live'];
    const pieces = [live, joined(numbers), missed, made].filter((each) => each && each.length !== 0);
    element('about').replaceChildren(...pieces.flatMap((each, index) => (index ? [' · ', each] : [each])).flat());
  }

  function showAll() {
    const before = state.view;
    shownAddress = location.hash;
    readAddress();
    find();
    if (element('search').value !== state.words) element('search').value = state.words;
    showFilters();
    showViews();
    if (before !== state.view) list.scrollTop = 0;
    reveal();
    showRows();
    showDetail();
  }

  function search() {
    state.words = element('search').value;
    state.filter = element('filter').value;
    history.replaceState(null, '', address(state.view, state.key, query()));
    shownAddress = location.hash;
    find();
    list.scrollTop = 0;
    showRows();
    showDetail();
    element('said').textContent = counted(items.length, 'result');
  }

  // Keys; single ones can be switched off, for those who speak to their computer

  const KEYS = [['/', 'search'], ['↑ ↓, k j', 'the entry above, below'], ['Home, End', 'the first, the last entry'], ['Enter', 'to the details'], ['Esc', 'back; empty the search'], ['1 to 7', 'the parts of the report'], ['?', 'these keys']];
  const single = h('input', { type: 'checkbox', checked: true });
  const keys = h('dialog', { 'aria-label': 'Keys' }, h('h2', {}, 'Keys'),
    h('table', {}, h('tbody', {}, KEYS.map(([key, does]) => h('tr', {}, h('th', { scope: 'row' }, key), h('td', {}, does))))),
    h('form', { method: 'dialog' }, h('label', {}, single, 'Single letters and digits'), h('button', { class: 'act', type: 'submit', click: (event) => { event.preventDefault(); keys.close(); } }, 'Close')));

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    const move = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 10, PageUp: -10 }[event.key];
    const isLetter = event.key.length === 1;
    if (event.target === element('search') && (event.key === 'ArrowDown' || event.key === 'Enter')) {
      list.focus();
      choose(Math.max(chosen, 0));
    } else if (event.key === 'Escape') {
      if (inField) { element('search').value = ''; search(); list.focus(); } else go(address(state.view, '', query()));
    } else if (inField || (isLetter && !single.checked)) return;
    else if (event.key === '/') element('search').focus();
    else if (event.key === '?') keys.showModal();
    else if (event.key >= '1' && event.key <= String(shownViews.length)) go(address(shownViews[event.key - 1]));
    else if (move && (isLetter || event.target !== detail)) choose(chosen < 0 ? 0 : Math.min(items.length - 1, Math.max(0, chosen + move)));
    else if (event.target === list && event.key === 'Home') choose(0);
    else if (event.target === list && event.key === 'End') choose(items.length - 1);
    else if (event.target === list && event.key === 'Enter') detail.focus();
    else return;
    event.preventDefault();
  }

  // Live: ask for news, a second after the last ones

  let over = false;
  async function follow() {
    let after = 0;
    let failures = 0;
    for (;;) {
      let more = false;
      try {
        const answer = await fetch(`${data.live}?after=${after}`, { cache: 'no-store' });
        if (!answer.ok) throw new Error(String(answer.status));
        const news = await answer.json();
        more = news.exchanges.length > 0;
        const changed = more || JSON.stringify(news.run) !== JSON.stringify(run);
        after = news.next;
        run = news.run;
        failures = 0;
        over = false;
        if (changed) take(news.exchanges);
      } catch {
        failures += 1;
        over = failures > 2;
      }
      showAbout();
      await new Promise((resolve) => setTimeout(resolve, more ? 100 : over ? 5000 : 1000));
    }
  }

  function take(lines) {
    const known = state.view === 'traffic' ? items.length : 0;
    for (const line of lines) {
      const number = addExchange(line);
      if (isMissed(line)) addMiss(line, number);
    }
    if (exchanges.length > MOST_KEPT) exchanges.splice(0, exchanges.length - MOST_KEPT);
    find();
    showViews();
    if (state.view === 'traffic' && list.scrollTop > 0) list.scrollTop += (items.length - known) * rowHeight();
    showRows();
    if (opened !== (chosen < 0 ? '' : `${state.view} ${state.key}`)) showDetail();
  }

  // Paper: what the list shows, in full

  window.addEventListener('beforeprint', () => {
    const view = VIEWS[state.view];
    const printed = items.slice(0, MOST_PRINTED).map((item) => view.detail(item));
    const rest = items.length - printed.length;
    element('paper').replaceChildren(...(view.overview && view.items().length ? [view.overview()] : []), ...printed, rest > 0 ? h('p', {}, `and ${rest.toLocaleString('en')} more`) : '');
  });
  window.addEventListener('afterprint', () => element('paper').replaceChildren());

  element('title').textContent = data.consumer;
  element('main').replaceChildren(list, detail);
  document.body.append(keys);
  list.addEventListener('scroll', () => requestAnimationFrame(showRows), { passive: true });
  window.addEventListener('resize', showRows);
  matchMedia('print').addEventListener('change', showRows); // paper has another size of letters
  window.addEventListener('hashchange', () => { if (location.hash !== shownAddress) showAll(); });
  document.addEventListener('keydown', onKey);
  element('search').addEventListener('input', search);
  element('filter').addEventListener('change', search);
  showAll();
  showAbout();
  if (data.live) follow();
})();
