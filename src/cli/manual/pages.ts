import type { Command } from 'commander';
import { EXAMPLES, type Example } from '../examples.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { type OutlinedCommand, outlineOf } from '../outline.ts';
import { SETTINGS } from '../program.ts';
import { bold, escaped, item, paragraph, section, verbatim } from './roff.ts';

export interface ManualPage {
  /** `glacier2s3-transfer.1` */
  readonly file: string;
  readonly text: string;
}

interface Edition {
  readonly version: string;
  /** `2026-11-22` */
  readonly date: string;
}

/** A page for the program, and one for each command: in the words of the commands' help. */
export function manualPages(program: Command, edition: Edition): readonly ManualPage[] {
  const commands = outlineOf(program);
  return commands.map((each) => ({ file: `${pageOf(each)}.1`, text: pageText(each, commands, edition) }));
}

function pageText(page: OutlinedCommand, all: readonly OutlinedCommand[], { version, date }: Edition): string {
  const { path, command } = page;
  const name = pageOf(page);
  const description = command.description();
  const below = all.filter((each) => each.path !== '' && isBelow(each, page));
  const examples = EXAMPLES[path] ?? [];
  return [
    `.TH ${escaped(name.toUpperCase())} 1 ${date} "glacier2s3 ${version}" "glacier2s3"\n`,
    section('NAME', paragraph(`${name} - ${description}`)),
    section('SYNOPSIS', `${bold(`glacier2s3${path === '' ? '' : ` ${path}`}`)} ${escaped(command.usage())}`),
    section('DESCRIPTION', paragraph(`${sentence(description)}${path === '' ? `\n${SETTINGS}` : ''}`)),
    below.length > 0 ? section('COMMANDS', below.map(commandItem).join('\n')) : '',
    section('OPTIONS', optionItems(page)),
    examples.length > 0 ? section('EXAMPLES', examples.map(exampleItem).join('\n.PP\n')) : '',
    section(
      'EXIT STATUS',
      EXIT_CODES.map(([code, meaning]) => item(bold(code), paragraph(sentence(meaning)))).join('\n'),
    ),
    section('SEE ALSO', seeAlso(page, all)),
  ].join('');
}

function isBelow(each: OutlinedCommand, page: OutlinedCommand): boolean {
  return each.command.parent === page.command;
}

function commandItem(each: OutlinedCommand): string {
  return item(`${bold(pageOf(each))}(1)`, paragraph(sentence(each.command.description())));
}

function optionItems({ command, options }: OutlinedCommand): string {
  const help = command.createHelp();
  return options
    .map((option) => item(bold(help.optionTerm(option)), paragraph(sentence(help.optionDescription(option)))))
    .join('\n');
}

function exampleItem({ does, line }: Example): string {
  return `${paragraph(sentence(does))}\n.PP\n.RS 4\n${verbatim([line])}\n.RE`;
}

function seeAlso(page: OutlinedCommand, all: readonly OutlinedCommand[]): string {
  const others = all.filter((each) => each !== page && (page.path === '' || each.path === ''));
  return others.map((each) => `${bold(pageOf(each))}(1)`).join(',\n');
}

function pageOf({ path }: OutlinedCommand): string {
  return ['glacier2s3', ...path.split(' ').filter(Boolean)].join('-');
}

function sentence(text: string): string {
  const whole = text.endsWith('.') ? text : `${text}.`;
  return `${whole.slice(0, 1).toUpperCase()}${whole.slice(1)}`;
}
