'use strict';

const { createHash } = require('node:crypto');

const STATUSES = ['draft', 'open', 'outstanding', 'overdue', 'paid', 'partial', 'void', 'written-off'];

function choices(values) {
	return values.map((value) => ({ name: value, value }));
}

/** An operation of a resource, with what it asks the API for. */
function operation(name, value, action, request, more = {}) {
	const output = { postReceive: [throwRefusal, ...(more.output?.postReceive ?? [])] };
	return { name, value, action, routing: { request, ...more, output } };
}

/** n8n's own error would only say the status; the API's says in a sentence what is wrong. */
async function throwRefusal(items, response) {
	if (response.statusCode < 400) return items;
	throw new Error(sentenceOf(response.body) ?? `The API answered ${response.statusCode}.`);
}

function sentenceOf(body) {
	if (!Buffer.isBuffer(body) && !(body instanceof ArrayBuffer)) return body?.detail;
	try {
		return JSON.parse(Buffer.from(body).toString()).detail;
	} catch {
		return undefined;
	}
}

function operationsOf(resource, options) {
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource] } },
		options,
		default: options[0].value,
	};
}

/** A field that is shown for some operations of a resource. */
function shownFor(resource, operations, field) {
	return { ...field, displayOptions: { show: { resource: [resource], operation: operations } } };
}

function idOf(resource, operations, name) {
	return shownFor(resource, operations, {
		displayName: `${name} ID`,
		name: 'id',
		type: 'number',
		default: 0,
		required: true,
	});
}

function query(displayName, property, more = {}) {
	const send = { type: 'query', property, value: '={{ $value || undefined }}' };
	return { displayName, name: property, type: 'string', default: '', routing: { send }, ...more };
}

function listOf(resource, filters) {
	return [
		shownFor(resource, ['list'], {
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: 200 },
			default: 50,
			description: 'Max number of results to return',
			routing: { send: { type: 'query', property: 'limit' } },
		}),
		shownFor(resource, ['list'], {
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add Filter',
			default: {},
			options: filters,
		}),
	];
}

const dataOfThePage = { output: { postReceive: [{ type: 'rootProperty', properties: { property: 'data' } }] } };

async function sendWorkbook(request) {
	const property = this.getNodeParameter('binaryProperty');
	const file = this.helpers.assertBinaryData(property);
	request.body = await this.helpers.getBinaryDataBuffer(property);
	request.qs = { file_name: file.fileName ?? 'workbook.xlsx', ...request.qs };
	request.headers = { ...request.headers, 'content-type': 'application/octet-stream' };
	const key = this.getNodeParameter('idempotencyKey') || hashOf(request.qs.file_name, request.body);
	request.headers['Idempotency-Key'] = key;
	return request;
}

async function sendPayment(request) {
	const amount = { invoice_id: this.getNodeParameter('invoiceId'), amount_cents: this.getNodeParameter('amountCents') };
	request.body = {
		paid_on: this.getNodeParameter('paidOn').slice(0, 10),
		amounts: [amount],
		...this.getNodeParameter('paymentFields', {}),
	};
	request.headers = { ...request.headers, 'Idempotency-Key': this.getNodeParameter('idempotencyKey') };
	return request;
}

/** A key for this execution alone: a digest that is asked for again in the app is noted again. */
async function sendWithKey(request) {
	const key = hashOf(request.url, JSON.stringify(request.body), String(this.getExecutionId()));
	request.headers = { ...request.headers, 'Idempotency-Key': key };
	return request;
}

function hashOf(...parts) {
	const hash = createHash('sha256');
	for (const part of parts) hash.update(part).update('\n');
	return hash.digest('hex');
}

async function keepAsFile(items, response) {
	const disposition = String(response.headers['content-disposition'] ?? '');
	const name = /filename="([^"]+)"/.exec(disposition)?.[1] ?? 'marked.xlsx';
	const binary = await this.helpers.prepareBinaryData(Buffer.from(response.body), name);
	return items.map((item) => ({ ...item, json: {}, binary: { data: binary } }));
}

class Invoices {
	description = {
		displayName: 'Invoices',
		name: 'invoices',
		icon: 'file:invoices.svg',
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter.operation + ": " + $parameter.resource }}',
		description: 'Read and write the receivables of Invoices',
		defaults: { name: 'Invoices' },
		inputs: ['main'],
		outputs: ['main'],
		usableAsTool: true,
		credentials: [{ name: 'invoicesApi', required: true }],
		requestDefaults: {
			baseURL: '={{ $credentials.baseUrl }}',
			headers: { Accept: 'application/json' },
			ignoreHttpStatusErrors: true,
		},
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				options: [
					{ name: 'Customer', value: 'customer' },
					{ name: 'Digest', value: 'digest' },
					{ name: 'Import', value: 'import' },
					{ name: 'Invoice', value: 'invoice' },
					{ name: 'Payment', value: 'payment' },
					{ name: 'Report', value: 'report' },
				],
				default: 'invoice',
			},
			operationsOf('invoice', [
				operation('List', 'list', 'List invoices', { method: 'GET', url: '/invoices' }, dataOfThePage),
				operation('Get', 'get', 'Get an invoice', { method: 'GET', url: '=/invoices/{{ $parameter.id }}' }),
			]),
			idOf('invoice', ['get'], 'Invoice'),
			...listOf('invoice', [
				query('As Of', 'as_of', { placeholder: '2026-01-31', description: 'The day whose end is meant, by default today' }),
				query('Customer ID', 'customer_id', { type: 'number', default: 0 }),
				query('Status', 'status', { type: 'options', options: choices(STATUSES), default: 'outstanding' }),
				query('Text', 'q', { description: "Part of a number, a reference, or a customer's name or code" }),
			]),
			operationsOf('customer', [
				operation('List', 'list', 'List customers', { method: 'GET', url: '/customers' }, dataOfThePage),
				operation('Get', 'get', 'Get a customer', { method: 'GET', url: '=/customers/{{ $parameter.id }}' }),
			]),
			idOf('customer', ['get'], 'Customer'),
			...listOf('customer', [query('Text', 'q', { description: 'Part of a name, a code or an e-mail address' })]),
			operationsOf('payment', [
				operation(
					'Record',
					'record',
					'Record a payment',
					{ method: 'POST', url: '/payments' },
					{ send: { preSend: [sendPayment] } },
				),
			]),
			shownFor('payment', ['record'], {
				displayName: 'Invoice ID',
				name: 'invoiceId',
				type: 'number',
				default: 0,
				required: true,
			}),
			shownFor('payment', ['record'], {
				displayName: 'Amount in Cents',
				name: 'amountCents',
				type: 'number',
				default: 0,
				required: true,
				description: '12.50 is 1250; negative for a refund',
			}),
			shownFor('payment', ['record'], {
				displayName: 'Paid On',
				name: 'paidOn',
				type: 'string',
				placeholder: '2026-01-31',
				default: '={{ $now.toISODate() }}',
				required: true,
			}),
			{
				displayName: 'Idempotency Key',
				name: 'idempotencyKey',
				type: 'string',
				default: '',
				required: true,
				displayOptions: { show: { resource: ['payment'], operation: ['record'] } },
				description: 'What this payment is known by: sent twice under one key, it is recorded once',
			},
			shownFor('payment', ['record'], {
				displayName: 'Additional Fields',
				name: 'paymentFields',
				type: 'collection',
				placeholder: 'Add Field',
				default: {},
				options: [
					{ displayName: 'Currency', name: 'currency', type: 'string', default: '', placeholder: 'EUR' },
					{ displayName: 'Method', name: 'method', type: 'string', default: '', placeholder: 'Transfer' },
					{ displayName: 'Note', name: 'note', type: 'string', default: '' },
					{ displayName: 'Reference', name: 'reference', type: 'string', default: '' },
				],
			}),
			operationsOf('import', [
				operation(
					'Upload',
					'upload',
					'Upload a workbook',
					{ method: 'POST', url: '/imports' },
					{ send: { preSend: [sendWorkbook] } },
				),
				operation('Get', 'get', 'Get an import', { method: 'GET', url: '=/imports/{{ $parameter.id }}' }),
				operation(
					'Get Marked Copy',
					'getMarkedCopy',
					'Get the marked copy of an import',
					{ method: 'GET', url: '=/imports/{{ $parameter.id }}/marked', encoding: 'arraybuffer' },
					{ output: { postReceive: [keepAsFile] } },
				),
			]),
			idOf('import', ['get', 'getMarkedCopy'], 'Import'),
			shownFor('import', ['upload'], {
				displayName: 'Input Binary Field',
				name: 'binaryProperty',
				type: 'string',
				default: 'data',
				required: true,
				hint: 'The name of the input field that has the workbook',
			}),
			shownFor('import', ['upload'], {
				displayName: 'Apply if Clean',
				name: 'apply',
				type: 'boolean',
				default: false,
				description: 'Whether it is applied at once if there is no problem, question or conflict in it',
				routing: { send: { type: 'query', property: 'apply', value: '={{ $value ? "when-clean" : undefined }}' } },
			}),
			{
				displayName: 'Idempotency Key',
				name: 'idempotencyKey',
				type: 'string',
				default: '',
				displayOptions: { show: { resource: ['import'], operation: ['upload'] } },
				description: 'What this upload is known by, by default a hash of the file and its name',
			},
			operationsOf('digest', [
				operation('Get', 'get', 'Get a digest', { method: 'GET', url: '=/digests/{{ $parameter.kind }}' }),
				operation(
					'Note as Sent',
					'noteAsSent',
					'Note that a digest was sent',
					{ method: 'POST', url: '=/digests/{{ $parameter.kind }}/sent', body: { period: '={{ $parameter.period }}' } },
					{ send: { preSend: [sendWithKey] } },
				),
			]),
			shownFor('digest', ['get', 'noteAsSent'], {
				displayName: 'Kind',
				name: 'kind',
				type: 'options',
				options: [
					{ name: 'Overdue, Each Week', value: 'overdue' },
					{ name: 'Month-End', value: 'month-end' },
				],
				default: 'overdue',
			}),
			shownFor('digest', ['noteAsSent'], {
				displayName: 'Period',
				name: 'period',
				type: 'string',
				default: '={{ $json.period }}',
				required: true,
			}),
			operationsOf('report', [
				operation('Ageing', 'ageing', 'Get the ageing of receivables', { method: 'GET', url: '/reports/ageing' }),
			]),
			shownFor('report', ['ageing'], query('As Of', 'as_of', { description: 'The day whose end is meant, by default today' })),
		],
	};
}

exports.Invoices = Invoices;
