import { describe, expect, test } from 'vitest';
import { ChatParser } from './chat-parser.ts';
import { timelineOf } from './parser-fixture.test.support.ts';
