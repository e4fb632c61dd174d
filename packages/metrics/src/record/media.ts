import type { MetricMode } from '../metric-mode.ts';
import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

const NS_PER_SEC = 1e9;
const NS_PER_MS = 1e6;

const appliesTo = (mode: MetricMode): boolean => mode.carriesMedia;

/** Images in the requests and what they cost. */
export const imageMetrics: readonly RecordMetric[] = [
  {
    tag: 'num_images',
    header: 'Number of Images',
    unit: 'images',
    kind: 'record',
    valueType: 'int',
    flags: ['supports_image_only'],
    consoleGroup: 'none',
    appliesTo,
    formula: 'images in the request; absent without any',
    compute: ({ media }) => (media.imageCount === 0 ? Number.NaN : media.imageCount),
  },
  {
    tag: 'image_throughput',
    header: 'Image Throughput',
    unit: 'images/sec',
    kind: 'record',
    valueType: 'float',
    flags: ['supports_image_only'],
    consoleGroup: 'default',
    displayOrder: 860,
    requires: ['num_images', 'request_latency'],
    formula: 'num_images / request_latency in seconds',
    compute: (_record, values) => ratio(values.get('num_images') * NS_PER_SEC, values.get('request_latency')),
  },
  {
    tag: 'image_latency',
    header: 'Image Latency',
    unit: 'ms/image',
    kind: 'record',
    valueType: 'float',
    flags: ['supports_image_only'],
    consoleGroup: 'default',
    displayOrder: 861,
    requires: ['num_images', 'request_latency'],
    formula: 'request_latency in milliseconds / num_images',
    compute: (_record, values) => ratio(values.get('request_latency') / NS_PER_MS, values.get('num_images')),
  },
];

/** Audio in the requests, and how much faster than real time it was dealt with. */
export const audioMetrics: readonly RecordMetric[] = [
  {
    tag: 'audio_duration',
    header: 'Audio Duration',
    unit: 'sec',
    kind: 'record',
    valueType: 'float',
    flags: ['supports_audio_only'],
    consoleGroup: 'none',
    displayOrder: 870,
    appliesTo,
    formula: 'seconds of audio in the request; absent without any, and where a clip does not tell its length',
    compute: ({ media }) => media.audioSec,
  },
  {
    tag: 'rtfx',
    header: 'Inverse Real-Time Factor (RTFx)',
    unit: 'ratio',
    kind: 'record',
    valueType: 'float',
    flags: ['larger_is_better', 'supports_audio_only'],
    consoleGroup: 'default',
    displayOrder: 850,
    requires: ['audio_duration', 'request_latency'],
    formula: 'audio_duration / request_latency in seconds',
    compute: (_record, values) => ratio(values.get('audio_duration') * NS_PER_SEC, values.get('request_latency')),
  },
];

/** What a video server says of its own work. */
export const videoMetrics: readonly RecordMetric[] = [
  {
    tag: 'video_inference_time',
    header: 'Video Inference Time',
    unit: 'sec',
    displayUnit: 'ms',
    kind: 'record',
    valueType: 'float',
    flags: ['produces_video_only'],
    consoleGroup: 'default',
    displayOrder: 310,
    formula: 'inference_time_s as reported by the server',
    compute: ({ video }) => video?.inferenceSec ?? Number.NaN,
  },
  {
    tag: 'video_peak_memory',
    header: 'Video Peak Memory',
    unit: 'MB',
    kind: 'record',
    valueType: 'float',
    flags: ['produces_video_only'],
    consoleGroup: 'default',
    displayOrder: 311,
    formula: 'peak_memory_mb as reported by the server',
    compute: ({ video }) => video?.peakMemoryMb ?? Number.NaN,
  },
];
