import { describe, expect, test } from 'vitest';
import { optionDefinitions } from './options/option-table.ts';
import { renderHelp } from './render-help.ts';

describe('renderHelp', () => {
  test.for([[80], [100], [120], [200]] as const)(
    'at %i columns no line is longer and descriptions begin at one column',
    ([columns]) => {
      const lines = renderHelp('profile', columns).trimEnd().split('\n');
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      const rows = lines.filter((line) => /^ {2}-/.test(line));
      const starts = rows.flatMap((line) => {
        const gap = /\S( {2,})\S/.exec(line.slice(2));
        return gap === null ? [] : [gap.index + 3 + (gap[1]?.length ?? 0)];
      });
      expect(new Set(starts).size).toBe(1);
    },
  );

  test.for(optionDefinitions.map((definition) => [definition.path, definition] as const))(
    '%s is there with every spelling',
    ([, definition]) => {
      const help = renderHelp('profile', 120).split(/[\s,]+/);
      expect(help).toEqual(expect.arrayContaining([...definition.flags]));
      expect(definition.summary).toMatch(/\.$/);
    },
  );

  test.for([[80], [100], [160]] as const)('at %i columns no spelling runs into its description', ([columns]) => {
    const help = renderHelp('profile', columns);
    const flags = optionDefinitions.flatMap((option) => option.flags);
    expect(flags.filter((flag) => !new RegExp(`${flag}(?:,| <|  |\\n)`, 'u').test(help))).toEqual([]);
  });

  test('defaults carry their unit', () => {
    const help = renderHelp('profile', 160).replaceAll(/\s+/g, ' ');
    expect(help).toContain('[default: 550 tokens]');
    expect(help).toContain('[default: 21600 seconds]');
    expect(help).toContain('[default: http://localhost:8000]');
    expect(help).toContain('[default: sequential]');
  });
});
