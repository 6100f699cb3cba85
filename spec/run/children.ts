import test from 'ava';
import type { ChildLetter } from '../../source/journal/child-letter.js';
import type { Letter } from '../../source/journal/journal.js';
import { Children } from '../../source/run/children.js';
import type { ClosePolicy, Command } from '../../source/run/command.js';
import { Commands } from '../../source/run/commands.js';
import { mainScope } from '../../source/run/scope.js';
import { encodeFailure } from '../../source/values/failure.js';

const setUp = (runId = 'run', link = 0) => {
  const commands = new Commands();
  const children = new Children(runId, link, commands);
  const issue = (onClose: ClosePolicy = 'cancel'): Command => {
    const child = { workflow: 'ship', version: 1, input: '1', tags: {}, priority: undefined, onClose };
    return commands.issue(
      { kind: 'child', name: 'ship', digest: 'd', child, deliver: () => undefined },
      0,
      0,
      mainScope,
    );
  };
  const started = (onClose?: ClosePolicy): Command => {
    const command = issue(onClose);
    command.child = { ...command.child, state: 'started' };
    return command;
  };
  return { commands, children, issue, started };
};

let letters = 0;
const letter = (name: string, content: ChildLetter): Letter => {
  letters += 1;
  return { id: letters, kind: 'child', name, payload: JSON.stringify(content), at: 1 };
};

test('the id of a child is made of the id of its parent, the link and the step key', (t) => {
  const { children, issue } = setUp('order-a', 3);

  t.is(children.idOf(issue()), 'order-a/3/child:ship#0');
  t.is(children.idOf(issue()), 'order-a/3/child:ship#1');
});

test('a long id is cut, and told apart from others that begin alike', (t) => {
  const { children, issue } = setUp('x'.repeat(195));

  const ids = [issue(), issue(), issue()].map((command) => children.idOf(command));

  t.is(new Set(ids).size, 3);
  t.true(ids.every((id) => id.length <= 200));
});

test('a letter finds its command; one that was heard before, or is for nobody, finds none', (t) => {
  const { children, started } = setUp();
  const command = started();
  const emitted = letter('run/0/child:ship#0', { type: 'emitted', place: 4, payload: '"a"' });

  t.like(children.read(emitted), { command, outcome: { type: 'child-emitted', index: 4, payload: '"a"' } });

  t.is(children.read(emitted), undefined);
  t.is(children.read(letter('run/0/child:ship#7', { type: 'completed' })), undefined);
  t.is(children.read(letter('run/0/child:ship#0~1', { type: 'completed' })), undefined);
});

for (const [type, code] of [
  ['failed', 'CHILD_FAILED'],
  ['cancelled', 'CHILD_CANCELLED'],
  ['terminated', 'CHILD_TERMINATED'],
] as const) {
  test(`a child that has ${type} is told as ${code}`, (t) => {
    const { children, started } = setUp();
    started();

    const heard = children.read(letter('run/0/child:ship#0', { type, payload: encodeFailure(new Error('why')) }));

    t.is(heard?.outcome.type, 'child-failed');
    t.regex(JSON.stringify(heard?.outcome), new RegExp(`${code}.*why|why.*${code}`));
  });
}

for (const [policy, request] of [
  ['cancel', 'cancel'],
  ['terminate', 'terminate'],
  ['abandon', undefined],
] as const) {
  test(`a child that nobody listens to is closed once, by ${policy}`, (t) => {
    const { children, commands, started } = setUp();
    const command = started(policy);
    commands.cancel(command);
    children.cancelled(command);
    t.true(children.isClosing);

    const [note, ...more] = children.takeClosing(false, 9);

    t.deepEqual(note?.note, { type: 'child-closed', index: 0 });
    t.is(note?.request?.name, request);
    t.deepEqual([more, children.takeClosing(false, 9), children.isClosing], [[], [], false]);
  });
}

test('at the end of a run all children at work are closed, and none that was never started', (t) => {
  const { children, issue, started } = setUp();
  const command = started();
  issue();

  t.deepEqual(children.takeClosing(false, 9), []);
  t.deepEqual(
    children.takeClosing(true, 9).map((note) => note.command),
    [command],
  );
});

test('a child that was left behind is closed unless the record says so already, and its command gets another', (t) => {
  const { children, started } = setUp();
  const [first, second] = [started(), started()];
  children.leave(first);
  children.leave(second);

  t.true(children.closed({ key: first.key, epoch: 0, index: 0 }));

  t.deepEqual(
    children.takeClosing(false, 9).map(({ closes }) => closes),
    ['run/0/child:ship#1'],
  );
  t.is(children.idOf(first), 'run/0/child:ship#0~1');
  t.false(children.closed({ key: first.key, epoch: 0, index: 1 }), 'that is not one that was left');
});

test('a fork leaves the children of the run that it copies alone', (t) => {
  const { children, started } = setUp('copy');
  const command = started();
  children.lost({ key: command.key, epoch: 0, index: 0, digest: 'd' });

  children.disown();

  t.deepEqual(children.takeClosing(false, 9), []);
  t.is(children.idOf(command), 'copy/0/child:ship#0~1');
});
